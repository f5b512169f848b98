"""What can go wrong with participants and clients.

* NotFound
  + ParticipantNotFound
  + ClientNotFound
* Conflict
  + ParticipantRoleDiffers
* Invalid
  + ParticipantInvalid
"""

from __future__ import annotations

from creditshare.errors import Conflict, Invalid, NotFound


class ParticipantNotFound(NotFound):
    """No participant has this code."""

    code = "participant-not-found"


class ClientNotFound(NotFound):
    """No client has this id."""

    code = "client-not-found"


class ParticipantRoleDiffers(Conflict):
    """The participant named has another role than the client asked for."""

    code = "participant-role-differs"


class ParticipantInvalid(Invalid):
    """What was given does not make a participant or a client."""

    code = "participant-invalid"
