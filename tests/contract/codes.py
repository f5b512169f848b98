"""Every stable code the product can say, read out of its source: what docs/errors.md must explain."""

from __future__ import annotations

import ast
import re

from creditshare.consents.standing import Lacking
from creditshare.firms.subjects import CODES as IDENTIFIERS
from creditshare.firms.subjects import FAULT_WORDS
from creditshare.scoring.confidence import NotRated
from creditshare.web import problems, validation
from tests.architecture.sources import PACKAGE, sources

# Which argument of a call is a code.
SHAPE = re.compile(r"[a-z]+(-[a-z]+)*")
CODE_ARGUMENT = {"refuse": 0, "Reason": 0, "Fault": 1, "_fault": 1, "_broken": 1, "_end_user_fault": 0}


def _own():
    return [
        source
        for source in sources()
        if source.path.is_relative_to(PACKAGE) or source.name == "config/settings.py"
    ]


def error_codes():
    """Of problems, of failed submissions and of the command line: classes with a `code`, and HTTP's own."""
    found = set(problems.CODES.values())
    for source in _own():
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.ClassDef):
                continue
            for statement in node.body:
                if (
                    isinstance(statement, ast.Assign)
                    and isinstance(statement.targets[0], ast.Name)
                    and statement.targets[0].id == "code"
                    and isinstance(statement.value, ast.Constant)
                ):
                    found.add(statement.value.value)
    return found | {lacking.value for lacking in Lacking}


def fault_codes():
    """Of single faults: of parameters, fields, rows, settings."""
    found = set(validation.CODES.values()) | {"invalid"}
    for source in _own():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                place = CODE_ARGUMENT.get(name)
                if place is not None and len(node.args) > place:
                    argument = node.args[place]
                    if isinstance(argument, ast.Constant) and SHAPE.fullmatch(str(argument.value)):
                        found.add(argument.value)
    doubts = {f"{field.replace('_', '-')}-{fault}" for field in IDENTIFIERS for fault in FAULT_WORDS}
    return found | doubts | {"codes-differ"}


def not_rated_reasons():
    """Why a firm has no score."""
    return {reason.value for reason in NotRated}
