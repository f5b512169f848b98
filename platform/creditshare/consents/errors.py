"""What is refused about consents themselves.

* NotFound
  - ConsentNotFound
* Conflict
  - ConsentRevoked
  - PausedByFirm
"""

from __future__ import annotations

from creditshare.errors import Conflict, NotFound


class ConsentNotFound(NotFound):
    """No such consent, or not one of the caller's."""

    code = "consent-not-found"


class ConsentRevoked(Conflict):
    """A revoked consent stays revoked; a new one can be registered."""

    code = "consent-revoked"


class PausedByFirm(Conflict):
    """What the firm has paused only the firm resumes."""

    code = "consent-paused-by-firm"
