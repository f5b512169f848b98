"""From bytes to rows: JSON arrays, NDJSON and CSV, streamed. A broken line becomes a broken row, never a lost one.

Every value comes out as the characters that were sent (`str`; a bare JSON literal as `Bare`), a list of texts, or
something no field takes; numbers never pass through a float.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from creditshare.errors import CreditShareError, Fault
from creditshare.resources.lexical import Bare

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
MEDIA_TYPES = (JSON, NDJSON, CSV)
ENCODINGS = ("utf-8", "gb18030")
LONGEST_ROW = 1 << 20
MOST_IN_ARRAY = 1000
REJECT_COLUMNS = (
    "row",
    "reasons",
)  # stand in a list of rejects; skipped, so that it can be corrected and sent back
SHOWN = 1000  # characters of a row that cannot be read

_array = msgspec.json.Decoder(list[msgspec.Raw])
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)
_members = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as it was sent: its number (from 1, header not counted), its values, or what is broken about it."""

    number: int
    values: dict[str, Any]
    fault: Fault | None = None


class BodyUnreadable(CreditShareError):
    """The body as a whole cannot be taken apart into rows."""

    code = "body-unreadable"
    status = 400


class UnknownColumn(CreditShareError):
    """A CSV header names a column that the kind does not have."""

    code = "unknown-column"
    status = 422


class _Stream(io.RawIOBase):
    """A file over an iterator of byte pieces."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def split_array(body: bytes) -> list[msgspec.Raw]:
    """Split a JSON array into its members. Raises BodyUnreadable where it is not one, or too long a one."""
    try:
        body.decode("utf-8")
        members = _array.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BodyUnreadable("the body is not a JSON array") from None
    if len(members) > MOST_IN_ARRAY:
        raise BodyUnreadable(f"the array has {len(members)} members, at most {MOST_IN_ARRAY} are taken")
    return members


def read_rows(
    pieces: Iterable[bytes], *, media_type: str, encoding: str, columns: Iterable[str]
) -> Iterator[SourceRow]:
    """Read a body row by row. Raises BodyUnreadable or UnknownColumn before the first row."""
    if media_type == JSON:
        yield from (
            _json_row(number, bytes(raw)) for number, raw in enumerate(split_array(b"".join(pieces)), start=1)
        )
    elif media_type == NDJSON:
        yield from _ndjson_rows(io.BufferedReader(_Stream(pieces)), encoding)
    else:
        yield from _csv_rows(io.BufferedReader(_Stream(pieces)), encoding, frozenset(columns))


def _broken(number: int, code: str, detail: str, raw: str) -> SourceRow:
    return SourceRow(number, {"": raw[:LONGEST_ROW]}, Fault("", code, detail, row=number))


def _json_row(number: int, raw: bytes) -> SourceRow:
    if len(raw) > LONGEST_ROW:
        return _broken(
            number, "row-too-large", "the row is longer than 1 MiB", raw[:SHOWN].decode(errors="replace")
        )
    try:
        members = _object.decode(raw)
        return SourceRow(number, {name: _lexical(bytes(value)) for name, value in members.items()})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _broken(number, "json-invalid", "the row is not a JSON object", raw.decode(errors="replace"))


def _lexical(raw: bytes) -> Any:
    """Return a JSON value as the characters of its literal; null as None; arrays of texts as lists."""
    first = raw[:1]
    if first == b'"':
        return _text.decode(raw)
    if first == b"[":
        return [_lexical(bytes(member)) for member in _members.decode(raw)]
    if first == b"{":
        return {}
    return None if raw == b"null" else Bare(raw.decode("ascii"))


def _ndjson_rows(stream: io.BufferedReader, encoding: str) -> Iterator[SourceRow]:
    number = 0
    while line := stream.readline(LONGEST_ROW + 2):
        too_long = len(line) > LONGEST_ROW and not line.endswith(b"\n")
        while too_long and (rest := stream.readline(LONGEST_ROW)):
            if rest.endswith(b"\n"):
                break
        text = line.strip().removeprefix(b"\xef\xbb\xbf" if number == 0 else b"")
        if not text:
            continue
        number += 1
        if too_long:
            yield _broken(
                number, "row-too-large", "the row is longer than 1 MiB", line[:SHOWN].decode(errors="replace")
            )
            continue
        try:
            utf8 = text.decode(encoding).encode() if encoding != "utf-8" else text
            utf8.decode()
        except UnicodeError:
            yield _broken(
                number, "encoding", f"the row is not {encoding}", text.decode(errors="backslashreplace")
            )
            continue
        yield _json_row(number, utf8)


class _RowTooLong(Exception):
    """The lines of a CSV row are longer than a row may be."""


class _Lines:
    """The lines of a CSV file, no more of them in memory than a row may have; knows how the row at hand began."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._length = 0
        self.beginning = ""

    def begin_row(self) -> None:
        """Forget the row before."""
        self._length, self.beginning = 0, ""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_ROW + 1)
        if not line:
            raise StopIteration
        self._length += len(line)
        if len(self.beginning) < SHOWN:
            self.beginning += line[:SHOWN]
        if self._length > LONGEST_ROW:
            while not line.endswith(("\n", "\r")) and (rest := self._text.readline(LONGEST_ROW)):
                line = rest
            raise _RowTooLong
        return line


def _csv_rows(stream: io.BufferedReader, encoding: str, known: frozenset[str]) -> Iterator[SourceRow]:
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    csv.field_size_limit(LONGEST_ROW)
    lines = _Lines(io.TextIOWrapper(stream, encoding=codec, errors="surrogateescape", newline=""))
    reader = csv.reader(lines, strict=True)
    header = _header(reader, known)
    number = 0
    while True:
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _RowTooLong) as error:
            number += 1
            if isinstance(error, _RowTooLong):
                yield _broken(
                    number, "row-too-large", "the row is longer than 1 MiB", _shown(lines.beginning)
                )
            else:
                words = "a quotation mark is out of place, or one that opens is never closed"
                yield _broken(number, "quoting", words, _shown(lines.beginning))
            continue
        if not cells:
            continue
        number += 1
        yield _csv_row(number, header, cells, encoding)


def _header(reader: Iterator[list[str]], known: frozenset[str]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except (csv.Error, _RowTooLong):
        raise BodyUnreadable("the first line is not a CSV header") from None
    unknown = [name for name in header if name not in known and name not in REJECT_COLUMNS]
    if unknown:
        names = ", ".join(ascii(name[:40]) if not name.isprintable() else name[:40] for name in unknown[:10])
        raise UnknownColumn(f"the kind has no column {names}")
    if len(set(header)) != len(header):
        raise UnknownColumn("a column stands twice in the header")
    return header


def _csv_row(number: int, header: list[str], cells: list[str], encoding: str) -> SourceRow:
    raw = ",".join(cells)
    if len(cells) != len(header):
        return _broken(
            number, "columns", f"the row has {len(cells)} cells, the header {len(header)}", _shown(raw)
        )
    if any("\udc80" <= character <= "\udcff" for character in raw if character > "\ud7ff"):
        return _broken(number, "encoding", f"the row is not {encoding}", _shown(raw))
    values = dict(zip(header, cells, strict=True))
    for name in REJECT_COLUMNS:
        values.pop(name, None)
    return SourceRow(number, values)


def _shown(raw: str) -> str:
    return raw.encode("utf-8", "backslashreplace").decode()
