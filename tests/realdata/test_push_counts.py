"""Real files through the real API and worker: every row is accounted for, every refused one by a code."""

from collections import Counter

import pytest

from tests.realdata.conftest import EXTRACT, LISTS, OLD_NUMBERS, PERMITS, SITES
from tests.realdata.folder import needs_real_data

pytestmark = [needs_real_data, pytest.mark.xdist_group("realdata")]

def test_look(fed):
    for name, push in fed.pushes.items():
        print(name, len(push.rows), push.counts, Counter((r["disposition"], *(x["code"] for x in r["reasons"])) for r in push.rejects()))
    print(fed.select("select conflict, count(*) from feature_rows group by 1"))
    print(fed.select("select count(*), count(merged_into) from firms"))
    for push in fed.pushes.values():
        s = push.submission
        print(s["created_at"], s["finished_at"])
    print(fed.select("select max(computed_at) from scores"))
