"""The files of a province: one CSV per provider and kind, grown block by block, and what they hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import polars as pl

# Providers send their files in the morning after the change.
_SENT_AT = "T09:00:00+08:00"


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file of a provider; the path is relative to the province's folder."""

    path: str
    provider: str
    kind: str
    rows: int
    encoding: str


class Files:
    """Files being written. A context manager: all are closed together."""

    def __init__(self, folder: Path, *, encodings: Mapping[str, str]) -> None:
        self._folder = folder
        self._encodings = encodings
        self._open: dict[tuple[str, str], BinaryIO] = {}
        self._rows: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._open.values():
            file.close()

    def add_records(self, provider: str, kind: str, frame: pl.DataFrame) -> None:
        """Append records, whose `revised_on` becomes `revised_at`."""
        sent = pl.concat_str(pl.col("revised_on").cast(pl.String), pl.lit(_SENT_AT))
        self.add(provider, kind, frame.with_columns(revised_at=sent).drop("revised_on"))

    def add(self, folder: str, name: str, frame: pl.DataFrame) -> None:
        """Append rows to `folder/name.csv`; the first call decides the header."""
        key = (folder, name)
        starts = key not in self._open
        if starts:
            path = self._folder / folder / f"{name}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open[key] = path.open("wb")
            self._rows[key] = 0
        encoding = self._encodings.get(folder, "utf-8")
        if encoding == "utf-8":
            frame.write_csv(self._open[key], include_header=starts)
        else:
            self._open[key].write(frame.write_csv(include_header=starts).encode(encoding))
        self._rows[key] += frame.height

    def written(self, providers: Mapping[str, str]) -> tuple[WrittenFile, ...]:
        """Return the providers' files in the order in which they were begun."""
        return tuple(
            WrittenFile(f"{folder}/{name}.csv", folder, name, rows, self._encodings.get(folder, "utf-8"))
            for (folder, name), rows in self._rows.items()
            if folder in providers
        )


def write_manifest(path: Path, *, about: Mapping[str, object], files: tuple[WrittenFile, ...]) -> None:
    """Write what the folder holds, for whoever loads it."""
    text = json.dumps({**about, "files": [asdict(file) for file in files]}, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
