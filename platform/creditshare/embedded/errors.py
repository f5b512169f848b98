"""What can go wrong with the embedded servers."""

from __future__ import annotations

from creditshare.errors import Conflict, CreditShareError


class EmbeddedFailed(CreditShareError):
    """An embedded server cannot be prepared or does not start; the text says what to do."""

    code = "embedded-failed"


class EmbeddedInUse(Conflict):
    """Another process owns the embedded servers of this data folder."""

    code = "embedded-in-use"
