import pytest

from creditshare.intake.formats import (
    CSV,
    JSON,
    NDJSON,
    REJECT_COLUMNS,
    BodyUnreadable,
    UnknownColumn,
    read_rows,
    split_array,
)
from creditshare.resources.catalogue import ALL_KINDS
from creditshare.resources.lexical import Bare

COLUMNS = ("uscc", "firm_name", "amount")


def read(body, media_type=CSV, encoding="utf-8", piece=7):
    pieces = [body[i : i + piece] for i in range(0, len(body), piece)]
    return list(read_rows(pieces, media_type=media_type, encoding=encoding, columns=COLUMNS))


def codes(rows):
    return [row.fault.code if row.fault else None for row in rows]


class TestJson:
    def test_numbers_keep_their_characters(self):
        (row,) = read(
            b'[{"amount": 12345678901234567.890, "uscc": "9", "firm_name": null, "x": [1, "a"]}]', JSON
        )

        assert row.values == {
            "amount": "12345678901234567.890",
            "uscc": "9",
            "firm_name": None,
            "x": ["1", "a"],
        }
        assert isinstance(row.values["amount"], Bare)
        assert not isinstance(row.values["uscc"], Bare)

    def test_of_equal_members_the_last_counts(self):
        assert read(b'[{"uscc": "1", "uscc": "2"}]', JSON)[0].values == {"uscc": "2"}

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[1",
            b"[" * 100_000,
            b'[{"a": NaN}]',
            b'[{"a": "\\ud800"}]',
            b'"\xff"',
            b"\x00",
            b"[{}] x",
        ],
        ids=["empty", "object", "broken", "deep", "nan", "surrogate", "bytes", "nul", "tail"],
    )
    def test_what_is_no_array_is_refused_whole(self, body):
        with pytest.raises(BodyUnreadable):
            split_array(body)

    def test_a_longer_array_than_a_thousand_is_refused(self):
        with pytest.raises(BodyUnreadable, match="1001"):
            split_array(b"[" + b",".join([b"{}"] * 1001) + b"]")

    def test_a_member_that_is_no_object_is_a_broken_row(self):
        assert codes(read(b"[{}, 5, []]", JSON)) == [None, "json-invalid", "json-invalid"]


class TestNdjson:
    def test_broken_lines_are_rows_of_their_own(self):
        rows = read(b'{"uscc": "1"}\n\n{broken\n\xff\xfe\n{"uscc": "2"}', NDJSON)

        assert codes(rows) == [None, "json-invalid", "encoding", None]
        assert [row.number for row in rows] == [1, 2, 3, 4]

    def test_a_row_above_a_mebibyte_is_a_broken_row_and_the_next_one_is_read(self):
        rows = read(b'{"uscc": "' + b"9" * (3 << 20) + b'"}\n{"uscc": "2"}\n', NDJSON, piece=1 << 16)

        assert codes(rows) == ["row-too-large", None]

    def test_gb18030(self):
        assert read('{"firm_name": "华为"}'.encode("gb18030"), NDJSON, "gb18030")[0].values == {
            "firm_name": "华为"
        }


class TestCsv:
    def test_rows_are_numbered_without_the_header(self):
        rows = read('\ufeffuscc,firm_name\r\n1,华为\r\n2,"a\nb"\r\n'.encode())

        assert [(row.number, row.values) for row in rows] == [
            (1, {"uscc": "1", "firm_name": "华为"}),
            (2, {"uscc": "2", "firm_name": "a\nb"}),
        ]

    def test_ragged_rows_and_bad_bytes_are_rows_of_their_own(self):
        rows = read(b"uscc,firm_name\n1\n2,b,c\n3,\xff\n4,d\n")

        assert codes(rows) == ["columns", "columns", "encoding", None]

    def test_a_quotation_mark_out_of_place_is_a_broken_row_and_the_next_one_is_read(self):
        assert codes(read(b'uscc,firm_name\n"1"x,a\n2,b "c" d\n')) == ["quoting", None]

    def test_a_quotation_mark_that_is_never_closed_is_not_taken_for_a_long_text(self):
        (fine, broken) = read(b'uscc,firm_name\n1,a\n2,"b\n3,c\n4,d\n')

        assert codes([fine, broken]) == [None, "quoting"]
        assert broken.values[""].startswith('2,"b\n3,c')

    @pytest.mark.parametrize(
        "long", [b"9" * (3 << 20), b'"' + b"9\n" * (1 << 20) + b'"', b'"' + b"9" * (3 << 20) + b'"']
    )
    def test_a_row_above_a_mebibyte_is_a_broken_row(self, long):
        rows = read(b"uscc,firm_name\n1," + long + b"\n", piece=1 << 16)

        assert codes(rows)[0] == "row-too-large"
        assert "row" not in {name for row in rows for name in row.values}

    def test_after_a_line_above_a_mebibyte_the_next_row_is_read(self):
        rows = read(b"uscc,firm_name\n1," + b"9" * (3 << 20) + b"\n2,b\n", piece=1 << 16)

        assert codes(rows) == ["row-too-large", None]
        assert rows[1].values == {"uscc": "2", "firm_name": "b"}

    def test_the_columns_of_a_list_of_rejects_are_no_kinds_fields(self):
        assert not {name for kind in ALL_KINDS for name in kind.columns} & set(REJECT_COLUMNS)

    def test_the_columns_of_a_list_of_rejects_are_skipped(self):
        (row,) = read(b"row,reasons,uscc\n7,/uscc: wrong,1\n")

        assert row.values == {"uscc": "1"}

    def test_gb18030(self):
        assert (
            read("uscc,firm_name\n1,华为".encode("gb18030"), encoding="gb18030")[0].values["firm_name"]
            == "华为"
        )

    @pytest.mark.parametrize("header", [b"uscc,colour\n", b"uscc,uscc\n", b"\x89PNG\r\n\x1a\n"])
    def test_an_unknown_or_doubled_column_fails_once(self, header):
        with pytest.raises(UnknownColumn):
            read(header + b"1,2\n")

    def test_an_empty_file_has_no_rows(self):
        assert read(b"") == []
        assert read(b"uscc,firm_name\n") == []
