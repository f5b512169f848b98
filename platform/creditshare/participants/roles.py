"""Roles and what they may do. A scope names what a client may do; its holder's role says which scopes it can have."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a participant is; a guarantor is a bank here, an association a provider."""

    PROVIDER = "provider"
    BANK = "bank"
    OPERATOR = "operator"
    FIRM = "firm"
    REGULATOR = "regulator"


SCOPES = {
    "audit:read": "read the query log of everyone",
    "circulars:write": "send circulars",
    "consents:write": "register, pause and revoke consents",
    "disputes:write": "object to what is stored",
    "firms:read": "search and match firms",
    "operations": "review, correct and run the platform",
    "portfolios:write": "keep lists of monitored firms",
    "records:write": "send records of the client's kinds",
    "reports:read": "read profiles, scores and reports of firms",
    "stats:own": "see the quality of one's own data",
    "stats:read": "see statistics of all data",
    "submissions:read": "see what became of one's submissions",
    "webhooks:write": "be told of events by webhook",
}

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.PROVIDER: frozenset({"records:write", "submissions:read", "stats:own", "webhooks:write"}),
    Role.BANK: frozenset(
        {
            "firms:read",
            "reports:read",
            "consents:write",
            "portfolios:write",
            "webhooks:write",
            "disputes:write",
            "submissions:read",
            "records:write",
        }
    ),
    Role.FIRM: frozenset(
        {
            "reports:read",
            "consents:write",
            "disputes:write",
            "submissions:read",
            "webhooks:write",
            "records:write",
        }
    ),
    Role.OPERATOR: frozenset({"operations", "submissions:read", "circulars:write", "webhooks:write"}),
    Role.REGULATOR: frozenset({"audit:read", "stats:read", "circulars:write", "webhooks:write"}),
}
