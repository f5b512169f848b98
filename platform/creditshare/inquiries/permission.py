"""Decides whether a read may be answered: a bank's by consent, a firm's because it reads itself."""

from __future__ import annotations

from collections.abc import Sequence

from creditshare.consents.standing import Held, Lacking, Permission, permission
from creditshare.inquiries.ask import Ask, Refusal
from creditshare.resources.groups import ResourceGroup

WORDS = {
    Lacking.CONSENT_REQUIRED: "the firm has never given you a consent",
    Lacking.PURPOSE_NOT_COVERED: "the firm has given you a consent, but never for this purpose",
    Lacking.CONSENT_PAUSED: "the consent is paused",
    Lacking.CONSENT_REVOKED: "the consent was revoked",
    Lacking.CONSENT_EXPIRED: "the consent has ended",
    Lacking.CONSENT_NOT_YET_VALID: "the consent does not hold yet",
    Lacking.GROUP_NOT_COVERED: "no live consent covers what was asked for",
}


def permit(ask: Ask, held: Sequence[Held]) -> Permission | Refusal:
    """Say which groups of the firm may be read; what needs no consent may always be, beside them."""
    if ask.is_firm:
        return Permission(frozenset(ResourceGroup))
    decided = permission(held, purpose=ask.terms.purpose, at=ask.now)
    if isinstance(decided, Lacking):
        return refuse(decided)
    asked = ask.terms.groups
    if asked is not None and not asked & decided.groups:
        return refuse(Lacking.GROUP_NOT_COVERED)
    return decided


def refuse(code: Lacking) -> Refusal:
    """Make a refusal."""
    return Refusal(code, WORDS[code])
