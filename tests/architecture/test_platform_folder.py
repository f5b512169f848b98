"""`platform/` is a source root, never a package: it would hide the standard library's module of that name."""

import subprocess
import sys

import pytest

from config import ROOT


def test_platform_folder_is_not_a_package():
    assert not (ROOT / "platform" / "__init__.py").exists()


@pytest.mark.parametrize("module", ["platform", "sqlalchemy", "celery"])
def test_standard_library_platform_wins_at_the_root(module):
    code = f"import {module}, platform; print(platform.python_version())"

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == sys.version.split()[0]
