"""Whatever a provider sends by mistake: a 4xx for faults of the request, a reject for faults of a row, nothing else."""

from __future__ import annotations

import gzip
import http.client
import re
import socket
import time
from http import HTTPStatus

import orjson
import pytest

from creditshare.intake.formats import CSV, JSON, NDJSON
from tests.fixtures_platform import wait_until
from tests.fixtures_servers import postgres_versions

pytestmark = pytest.mark.parametrize("platform", postgres_versions("platform")[:1], indirect=True)

MIB = 1 << 20
USCC, FULL_WIDTH = "91331000PDY00001X5", "９１３３１０００ＰＤＹ００００１Ｘ５"
FILING = {
    "uscc": USCC,
    "tax_type": "VAT",
    "period_start": "2025-12-01",
    "period_end": "2025-12-31",
    "tax_due": "100",
}
HEADER = b"uscc,tax_type,period_start,period_end,tax_due\n"
LINE = b"91331000PDY00001X5,VAT,2025-12-01,2025-12-31,100\n"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
)
PATH = "/v1/records/tax-filing"


@pytest.fixture
def provider(platform):
    wait_until(platform.is_ready, what="the platform")
    return platform.caller(kinds=("tax-filing",))


@pytest.fixture
def push(provider):
    """Push a body and return the submission in the end with its rejects."""

    def send(body, media_type=NDJSON):
        reply = provider.push("tax-filing", body, query="?wait=30", Content_Type=media_type)
        assert reply.status == HTTPStatus.ACCEPTED, reply.content
        assert reply.json["state"] in {"succeeded", "failed"}
        return reply.json, provider.call("GET", reply.json["links"]["rejects"] + "?limit=500").json["items"]

    return send


def chunk(content):
    """Write a chunk, with none behind it that would say that all has come."""
    return b"%x\r\n%b\r\n" % (len(content), content)


def refused(platform):
    """Return how many pushes were answered 400 so far, whether or not someone was there to hear it."""
    connection = http.client.HTTPConnection("127.0.0.1", platform.settings.port, timeout=30)
    connection.request("GET", "/metrics")
    told = connection.getresponse().read().decode()
    connection.close()
    found = re.search(r'_count\{method="POST",route="/v1/records/<kind>",status="400"\} ([0-9]+)', told)
    return int(found[1]) if found else 0


def submissions(platform):
    return platform.count("SELECT count(*) FROM submissions")


def is_problem(reply, status, code):
    assert (reply.status, reply.json["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json["request_id"] == reply.headers["x-request-id"]
    return True


class TestRequests:
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b'[{"uscc": ', id="broken"),
            pytest.param(b"[" * 100_000, id="a hundred thousand brackets"),
            pytest.param(b'[{"a":' * 50_000, id="deep objects"),
            pytest.param(b'[{"tax_due": NaN}]', id="NaN"),
            pytest.param(b'[{"tax_due": -Infinity}]', id="infinity"),
            pytest.param(b'[{"tax_type": "\\ud800"}]', id="a lone surrogate"),
            pytest.param(b'[{"tax_type": "\x00"}]', id="a NUL byte"),
            pytest.param(b"\x00\x00\x00", id="nothing but NUL"),
            pytest.param('[{"tax_type": "增值税"}]'.encode("gb18030"), id="another encoding"),
            pytest.param('[{"tax_type": "VAT"}]'.encode("utf-16"), id="UTF-16"),
            pytest.param(b"{}", id="an object"),
            pytest.param(b"1e400", id="a number"),
            pytest.param(b"[]x", id="more behind it"),
            pytest.param(b"[" + b",".join([b"{}"] * 1001) + b"]", id="1,001 members"),
            pytest.param(PNG, id="an image"),
        ],
    )
    def test_a_body_that_is_no_array_of_at_most_a_thousand(self, platform, provider, body):
        before = submissions(platform)

        assert is_problem(provider.push("tax-filing", body, Content_Type=JSON), 400, "body-unreadable")
        assert submissions(platform) == before

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"Content_Type": "image/png"}, id="an image"),
            pytest.param({"Content_Type": ""}, id="none said"),
            pytest.param({"Content_Type": "text/plain"}, id="text"),
            pytest.param({"Content_Type": "multipart/form-data; boundary=x"}, id="a form"),
            pytest.param({"Content_Type": "application/vnd.apache.parquet"}, id="parquet"),
            pytest.param({"Content_Type": "application/vnd.ms-excel"}, id="a spreadsheet"),
            pytest.param({"Content_Type": CSV + "; charset=utf-16"}, id="an encoding that is not read"),
            pytest.param({"Content_Type": CSV, "Content_Encoding": "gzip"}, id="packed"),
        ],
    )
    def test_a_media_type_that_is_not_read(self, provider, headers):
        reply = provider.push("tax-filing", PNG * 1000, **headers)

        assert is_problem(reply, 415, "media-type-unknown")
        assert reply.json["detail"]

    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ("wait=31", "/query/wait"),
            ("wait=-1", "/query/wait"),
            ("wait=nan", "/query/wait"),
            ("wait=1e400", "/query/wait"),
            ("wait=soon", "/query/wait"),
            ("on_error=maybe", "/query/on_error"),
            ("dry_run=1", "/query/dry_run"),
            ("revised_at=2026-01-01T00:00:00", "/query/revised_at"),
            ("revised_at=2026-02-30T00:00:00Z", "/query/revised_at"),
            ("revised_at=2026-01-01", "/query/revised_at"),
            ("revised_at=0000-00-00T00:00:00Z", "/query/revised_at"),
            ("revised_at=0001-01-01T00:00:00%2B14:00", "/query/revised_at"),
            ("revised_at=", "/query/revised_at"),
            ("revised_at=%00", "/query/revised_at"),
            ("colour=red", "/query/colour"),
            ("%FF=%FF", "/query/%FF"),
        ],
    )
    def test_a_parameter_that_is_not_understood(self, provider, query, pointer):
        reply = provider.push("tax-filing", [FILING], query=f"?{query}")

        assert is_problem(reply, 422, "invalid-parameters")
        assert [error["pointer"] for error in reply.json["errors"]] == [pointer]

    def test_a_kind_that_does_not_exist(self, provider):
        assert is_problem(provider.push("tax-fling", [FILING]), 404, "kind-unknown")

    @pytest.mark.parametrize("size", [0, 60 * MIB], ids=["nothing sent", "60 MiB sent"])
    @pytest.mark.parametrize("media_type", [JSON, CSV])
    def test_someone_elses_kind_is_refused_before_the_body_is_looked_at(self, provider, size, media_type):
        reply = provider.push("registration", b"[" * size, Content_Type=media_type)

        assert is_problem(reply, 403, "kind-not-allowed")

    def test_a_json_body_above_16_mib(self, provider):
        body = b'[{"tax_type": "' + b"x" * (16 * MIB) + b'"}]'

        assert is_problem(provider.push("tax-filing", body, Content_Type=JSON), 413, "body-too-large")

    def test_a_key_that_came_with_another_body(self, platform, provider):
        assert provider.push("tax-filing", [FILING], Idempotency_Key="1").status == HTTPStatus.ACCEPTED
        before = submissions(platform)

        reply = provider.push("tax-filing", [FILING, FILING], Idempotency_Key="1")

        assert is_problem(reply, 422, "idempotency-key-reused")
        assert submissions(platform) == before

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param({}, id="nothing"),
            pytest.param({"items": [], "reason": "x"}, id="no item"),
            pytest.param({"items": ["x"], "reason": "x"}, id="no object"),
            pytest.param({"items": [{}] * 1001, "reason": "x"}, id="too many"),
            pytest.param({"items": [{}], "reason": ""}, id="no reason"),
            pytest.param({"items": [{}], "reason": "x", "colour": "red"}, id="a member that is not known"),
            pytest.param(
                {"items": [{}], "reason": "x", "revised_at": "2026-01-01"}, id="a moment without zone"
            ),
        ],
    )
    def test_a_withdrawal_that_is_none(self, provider, body):
        reply = provider.call("POST", f"{PATH}/withdraw", orjson.dumps(body), Content_Type=JSON)

        assert is_problem(reply, 422, "invalid-parameters")

    @pytest.mark.parametrize(
        "path", ["sub_x", "sub_" + "a" * 26, "%00", "..%2f..%2fetc%2fpasswd", "x" * 5000]
    )
    def test_a_submission_that_does_not_exist(self, provider, path):
        reply = provider.call("GET", f"/v1/submissions/{path}")

        assert reply.status in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}


class TestConnections:
    def test_a_slow_body_is_waited_for(self, platform, provider):
        with connect(platform, provider, f"Content-Length: {2 * len(LINE) + len(HEADER)}") as stream:
            for part in (HEADER, LINE, LINE):
                stream.sendall(part)
                time.sleep(0.7)
            assert answer(stream) == HTTPStatus.ACCEPTED

    @pytest.mark.parametrize(
        ("length", "sent"),
        [
            ("Content-Length: 1000000", HEADER + LINE * 2000),
            ("Transfer-Encoding: chunked", chunk(HEADER + LINE * 2000 + LINE[:-3])),
            ("Transfer-Encoding: chunked", chunk(HEADER + LINE * 2000)[:-9]),
        ],
        ids=["with a length", "between chunks", "inside a chunk"],
    )
    @pytest.mark.parametrize("waits", [True, False], ids=["waiting for the answer", "gone"])
    def test_a_body_that_breaks_off_is_not_taken_for_a_whole_one(
        self, platform, provider, length, sent, waits
    ):
        before, told = submissions(platform), refused(platform)
        with connect(platform, provider, length) as stream:
            stream.sendall(sent)
            if waits:
                stream.shutdown(socket.SHUT_WR)
                assert answer(stream) in {0, HTTPStatus.BAD_REQUEST}

        wait_until(lambda: refused(platform) == told + 1, what="the push to be refused")
        assert submissions(platform) == before

    def test_a_chunked_body_is_loaded_whole(self, platform, provider):
        connection = http.client.HTTPConnection("127.0.0.1", platform.settings.port, timeout=60)
        headers = {"Authorization": f"Bearer {provider.token}", "Content-Type": CSV}
        connection.request(
            "POST", PATH + "?wait=30", iter([HEADER, *([LINE * 100] * 50)]), headers, encode_chunked=True
        )
        reply = connection.getresponse()

        assert reply.status == HTTPStatus.ACCEPTED
        assert orjson.loads(reply.read())["counts"]["received"] == 5000
        connection.close()


def connect(platform, provider, length):
    """Open a connection and send the head of a push of CSV."""
    stream = socket.create_connection(("127.0.0.1", platform.settings.port), timeout=30)
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {provider.token}\r\nContent-Type: {CSV}\r\n"
    stream.sendall(f"{head}{length}\r\n\r\n".encode())
    return stream


def answer(stream):
    """Return the status of the answer; 0 where the connection was closed without one."""
    try:
        line = stream.makefile("rb").readline()
    except OSError:
        return 0
    return int(line.split()[1]) if line else 0


class TestRows:
    @pytest.mark.parametrize(
        ("row", "pointer", "code", "rule"),
        [
            ({"colour": "red"}, "/colour", "unknown-field", "unknown-field"),
            ({"colour\0": "red"}, "/colour\\x00", "unknown-field", "unknown-field"),
            ({"period_end": "2026-02-30"}, "/period_end", "date", "period_end.date"),
            ({"period_end": "20251231"}, "/period_end", "date", "period_end.date"),
            ({"period_end": "2025-11-30"}, "/period_end", "rule", "period_start-before-period_end"),
            ({"tax_due": "1e400"}, "/tax_due", "decimal", "tax_due.decimal"),
            ({"tax_due": "NaN"}, "/tax_due", "decimal", "tax_due.decimal"),
            ({"tax_due": "1.005"}, "/tax_due", "scale", "tax_due.scale"),
            ({"tax_due": "9" * 16}, "/tax_due", "decimal", "tax_due.decimal"),
            ({"tax_due": True}, "/tax_due", "decimal", "tax_due.decimal"),
            ({"tax_due": ["1"]}, "/tax_due", "type", "tax_due.type"),
            ({"tax_due": {"yuan": 1}}, "/tax_due", "type", "tax_due.type"),
            ({"tax_type": "V\0T"}, "/tax_type", "text-invalid", "tax_type.text-invalid"),
            ({"tax_type": "x" * 5000}, "/tax_type", "too-long", "tax_type.too-long"),
            ({"tax_type": ""}, "/tax_type", "required", "tax_type.required"),
            ({"tax_type": None}, "/tax_type", "required", "tax_type.required"),
            ({"item": "11010519491231002X"}, "/item", "id-number", "item.id-number"),
            ({"uscc": "无"}, "", "subject-missing", "subject-missing"),
            ({"uscc": USCC[:-1] + "6"}, "/uscc", "uscc-check-digit", "uscc-check-digit"),
            ({"uscc": "9133****PDY00001X5"}, "/uscc", "uscc-masked", "uscc-masked"),
            ({"operation": "delete"}, "/operation", "code-list", "operation.code-list"),
            ({"revised_at": "2026-01-01T00:00:00"}, "/revised_at", "moment", "revised_at.moment"),
            ({"source_key": "x" * 201}, "/source_key", "too-long", "source_key.too-long"),
        ],
    )
    def test_a_fault_is_told_with_row_field_and_rule(self, push, row, pointer, code, rule):
        submission, rejects = push([{**FILING, "source_key": "1"}, {**FILING, **row}])

        assert submission["state"] == "succeeded"
        assert (submission["counts"]["received"], submission["counts"]["accepted"]) == (2, 1)
        (reject,) = rejects
        assert reject["row"] == 2
        assert reject["values"] == {name: shown(value) for name, value in {**FILING, **row}.items()}
        (reason,) = reject["reasons"]
        assert (reason["pointer"], reason["code"], reason["rule"]) == (pointer, code, f"tax-filing:{rule}")
        assert reason["detail"]

    @pytest.mark.parametrize("amount", [b"1e400", b"-1E999999", b"0.1e1", b"12345678901234567890123456789"])
    def test_numbers_never_pass_through_a_float(self, push, amount):
        _, (reject,) = push(orjson.dumps(FILING).replace(b'"100"', amount))

        assert reject["reasons"][0]["code"] == "decimal"
        assert reject["values"]["tax_due"] == amount.decode()

    def test_a_code_in_full_width_digits_is_the_code(self, push):
        submission, _ = push([{**FILING, "uscc": FULL_WIDTH}, {**FILING, "uscc": USCC}])

        counts = submission["counts"]
        assert (counts["accepted"], counts["duplicate"]) == (1, 1)

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (b'{"uscc": ', "json-invalid"),
            (b"[" * 100_000, "json-invalid"),
            (b'{"uscc": ' + b"[" * 100_000 + b"}", "json-invalid"),
            (b'{"tax_due": NaN}', "json-invalid"),
            (b'{"tax_type": "\\ud800"}', "json-invalid"),
            (b'{"tax_type": "\x00"}', "json-invalid"),
            (b"[]", "json-invalid"),
            (b"null", "json-invalid"),
            (b"\xff\xfe\x00", "encoding"),
            ('{"tax_type": "增值税"}'.encode("gb18030"), "encoding"),
            (b'{"tax_type": "' + b"x" * (10 * MIB) + b'"}', "row-too-large"),
            (b"x" * (10 * MIB), "row-too-large"),
        ],
        ids=["broken", "deep", "deep member", "NaN", "surrogate", "NUL", "array", "null", "bytes", "encoding", "10 MiB",
             "10 MiB of x"],
    )  # fmt: skip
    def test_a_broken_line_is_one_reject_and_its_neighbours_are_loaded(self, push, line, code):
        before, after = (orjson.dumps({**FILING, "source_key": key}) for key in "ab")

        submission, (reject,) = push(b"\n".join([before, line, after]))

        assert submission["counts"]["accepted"] == 2
        assert (reject["row"], [reason["code"] for reason in reject["reasons"]]) == (2, [code])

    def test_a_string_of_ten_megabytes_in_an_array_is_one_reject(self, push):
        rows = [{**FILING, "source_key": "a"}, {**FILING, "tax_type": "x" * (10 * MIB)}]

        submission, (reject,) = push(orjson.dumps(rows), JSON)

        assert submission["counts"]["accepted"] == 1
        assert [reason["code"] for reason in reject["reasons"]] == ["row-too-large"]

    @pytest.mark.parametrize(
        ("line", "codes"),
        [
            (b"1,2\n", ["columns"]),
            (LINE.replace(b"\n", b",more\n"), ["columns"]),
            (LINE.replace(b"VAT", b"\xff\xfe"), ["encoding"]),
            (LINE.replace(b"VAT", b"V\x00T"), ["text-invalid"]),
            (LINE.replace(b"VAT", b'"VAT"x'), ["quoting"]),
            (LINE.replace(b"VAT", b"x" * (10 * MIB)), ["row-too-large"]),
            (LINE.replace(b"2025-12-31", b"2026-02-30"), ["date"]),
        ],
        ids=["too few cells", "too many cells", "bytes", "NUL", "quoting", "10 MiB", "date"],
    )
    def test_a_broken_csv_row_is_one_reject_and_its_neighbours_are_loaded(self, push, line, codes):
        submission, (reject,) = push(HEADER + LINE + line + LINE.replace(b"VAT", b"CIT"), CSV)

        assert submission["counts"]["accepted"] == 2
        assert (reject["row"], [reason["code"] for reason in reject["reasons"]]) == (2, codes)

    def test_a_quotation_mark_that_is_never_closed_swallows_no_row_unseen(self, push):
        submission, (reject,) = push(HEADER + LINE + LINE.replace(b"VAT", b'"CIT') + LINE * 3, CSV)

        assert submission["counts"]["accepted"] == 1
        assert reject["reasons"][0]["code"] == "quoting"

    @pytest.mark.parametrize(
        ("body", "codes"),
        [
            (HEADER.replace(b"tax_due", b"tax_due,colour") + LINE, {"unknown-column"}),
            (HEADER.replace(b"tax_due", b"uscc") + LINE, {"unknown-column"}),
            (PNG, {"unknown-column"}),
            (gzip.compress(HEADER + LINE * 100), {"unknown-column", "body-unreadable"}),
            (gzip.compress(HEADER + LINE * 100)[:40], {"unknown-column", "body-unreadable"}),
            ((HEADER + LINE).decode().encode("utf-16"), {"unknown-column"}),
            (b"x" * (10 * MIB), {"body-unreadable"}),
            (b'"', {"body-unreadable"}),
        ],
        ids=["unknown column", "twice", "image", "packed", "packed and cut off", "UTF-16", "10 MiB", "quote"],
    )
    def test_a_file_that_is_no_csv_of_the_kind_fails_once(self, push, body, codes):
        submission, rejects = push(body, CSV)

        assert submission["state"] == "failed"
        assert submission["problem"]["code"] in codes
        assert submission["counts"]["received"] == 0
        assert rejects == []

    @pytest.mark.parametrize("media_type", [CSV, NDJSON])
    @pytest.mark.parametrize("body", [b"", b"\n\n", b"\xef\xbb\xbf"], ids=["empty", "blank", "mark"])
    def test_nothing_at_all_is_no_row(self, push, media_type, body):
        submission, rejects = push(body, media_type)

        assert submission["counts"]["received"] == 0
        assert rejects == []

    def test_an_image_as_ndjson_is_nothing_but_rejects(self, push):
        submission, rejects = push(PNG)

        counts = submission["counts"]
        assert counts["received"] == counts["rejected"] == len(rejects) > 0


def shown(value):
    """Write a value as a reject shows it: numbers and booleans as their characters."""
    return (
        {True: "true"}.get(value, value)
        if isinstance(value, bool)
        else {}
        if isinstance(value, dict)
        else value
    )


def test_after_all_that_the_platform_is_as_well_as_before(platform, provider):
    platform.settle()

    assert platform.is_ready()
    assert provider.push("tax-filing", [FILING], query="?wait=30").json["counts"]["accepted"] == 1
