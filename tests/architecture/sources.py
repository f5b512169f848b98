"""The project's own source files, parsed: what the checks in this folder look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config import ROOT

PACKAGE = ROOT / "platform" / "creditshare"
FOLDERS = (PACKAGE, ROOT / "config", ROOT / "workers", ROOT / "migrations", ROOT / "bench")


@dataclass(frozen=True)
class Source:
    """One file: its path from the project's root, and its tree."""

    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def imports(self) -> set[str]:
        """The modules imported anywhere in it."""
        found = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
        return found

    def attributes(self) -> Iterator[tuple[str, int]]:
        """Every `something.name` with its line, as (`name`, line)."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                yield node.attr, node.lineno

    def calls(self) -> Iterator[tuple[str, int]]:
        """Every call of a method or a function by its last name, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
                yield name, node.lineno


@cache
def sources() -> tuple[Source, ...]:
    """All of them."""
    paths = [path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))]
    paths.append(ROOT / "wsgi.py")
    return tuple(Source(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths)
