"""Every error the product raises on purpose. Only `web/problems.py` turns one into an HTTP body.

* CreditShareError
  + NotFound              404
  + Refused               403
  + Conflict              409
  + Unavailable           503
  + Invalid               422
    - SettingsInvalid     stops the start

A feature's own errors subclass one of these in the feature's `errors.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: where (JSON pointer, row), which stable code, which rule, in words."""

    pointer: str
    code: str
    detail: str
    rule: str | None = None
    row: int | None = None


class CreditShareError(Exception):
    """Something the product refuses; `code` is stable and documented in docs/errors.md."""

    code = "error"
    status = 500

    def __init__(self, detail: str, *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)


class NotFound(CreditShareError):
    """No such thing, or not yours: the two look alike on purpose."""

    code = "not-found"
    status = 404


class Refused(CreditShareError):
    """Known, but not allowed."""

    code = "refused"
    status = 403


class Conflict(CreditShareError):
    """The state of the thing does not allow it now."""

    code = "conflict"
    status = 409


class Unavailable(CreditShareError):
    """Something it needs is busy or away; the same request may work a moment later."""

    code = "unavailable"
    status = 503


class Invalid(CreditShareError):
    """The input breaks a rule."""

    code = "invalid"
    status = 422


class SettingsInvalid(Invalid):
    """The environment does not make a working configuration; names every problem at once."""

    code = "settings-invalid"
