"""Who is calling, and whether the view allows it: decided before any argument is parsed.

Each view carries one mark: `requires_scope`, `requires_token` or `open_to_all`. A request hook reads the mark, so the
order of checks (401, 403, then parameters) does not depend on the order of decorators, and `create_app` refuses to
start with a view that has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar
from uuid import UUID

from flask import Flask, current_app, g, request

from creditshare.errors import CreditShareError, Fault, Invalid, Refused

View = TypeVar("View", bound=Callable[..., Any])

REALM = "creditshare"
LONGEST_END_USER = 64
BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,4096})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """The client behind a request, as far as the product cares.

    `scopes` are those of the token that the client still holds. `kinds` are the record kinds the client was given;
    a provider may write only these, for other roles the kind's own declaration decides.
    """

    participant_id: UUID
    participant_code: str
    role: str
    client_id: str
    scopes: frozenset[str]
    kinds: frozenset[str]
    end_user: str | None = None
    requires_end_user: bool = False


class Authenticator(Protocol):
    """What `app` hands in: knows tokens and clients."""

    def identify(self, token: str) -> Caller | None:
        """Return whom the token speaks for; None when it is forged, expired, revoked or its client is."""


class TokenMissing(CreditShareError):
    """No bearer token came with the request."""

    code = "token-missing"
    status = 401
    headers = (("WWW-Authenticate", f'Bearer realm="{REALM}"'),)


class TokenInvalid(CreditShareError):
    """The token is forged, expired or revoked."""

    code = "token-invalid"
    status = 401
    headers = (("WWW-Authenticate", f'Bearer realm="{REALM}", error="invalid_token"'),)


class ScopeMissing(Refused):
    """The token does not carry the scope this view needs."""

    code = "insufficient-scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"this needs the scope {scope}")
        challenge = f'Bearer realm="{REALM}", error="insufficient_scope", scope="{scope}"'
        self.headers = (("WWW-Authenticate", challenge),)


def requires_scope(scope: str) -> Callable[[View], View]:
    """Let only tokens with this scope reach the view."""

    def mark(view: View) -> View:
        view.required_scope = scope  # type: ignore[attr-defined]
        return _document(view, [{"oauth2": [scope]}])

    return mark


def requires_token(view: View) -> View:
    """Let any valid token reach the view."""
    view.required_scope = ""  # type: ignore[attr-defined]
    return _document(view, [{"oauth2": []}])


def open_to_all(view: View) -> View:
    """Let everyone reach the view, token or not."""
    view.open_to_all = True  # type: ignore[attr-defined]
    return _document(view, [])


def current() -> Caller:
    """Return the caller of this request."""
    caller = g.caller
    assert isinstance(caller, Caller)
    return caller


def unmarked_endpoints(app: Flask) -> set[str]:
    """Name the endpoints whose view says neither which scope it needs nor that it is open."""
    return {
        endpoint
        for endpoint, view in app.view_functions.items()
        if not hasattr(view, "required_scope") and not getattr(view, "open_to_all", False)
    }


def authenticate(authenticator: Authenticator) -> None:
    """Identify the caller and check the view's scope; a request hook."""
    g.caller = None
    if request.endpoint is None:
        return  # no such path, or not with this method: said as 404 or 405 later
    view: Any = current_app.view_functions[request.endpoint]
    if getattr(view, "open_to_all", False):
        return
    caller = authenticator.identify(_bearer_token())
    if caller is None:
        raise TokenInvalid("the token is not valid, has expired or was revoked")
    needed = view.required_scope
    if needed and needed not in caller.scopes:
        raise ScopeMissing(needed)
    g.caller = _with_end_user(caller)


def _bearer_token() -> str:
    header = request.headers.get("Authorization")
    if header is None:
        raise TokenMissing("send a token: Authorization: Bearer …")
    match = BEARER.fullmatch(header.strip())
    if match is None:
        raise TokenInvalid("the Authorization header does not hold one bearer token")
    return match[1]


def _with_end_user(caller: Caller) -> Caller:
    header = request.headers.get("X-End-User")
    if header is None:
        if caller.requires_end_user:
            raise _end_user_fault("required", "this client must name its member of staff")
        return caller
    try:
        name = header.encode("latin-1").decode().strip()  # WSGI hands UTF-8 bytes over as Latin-1
    except UnicodeError:
        raise _end_user_fault("text-invalid", "is not UTF-8") from None
    if not name or len(name) > LONGEST_END_USER or not name.isprintable():
        raise _end_user_fault("text-invalid", f"must be 1 to {LONGEST_END_USER} printable characters")
    return replace(caller, end_user=name)


def _end_user_fault(code: str, detail: str) -> Invalid:
    error = Invalid("X-End-User " + detail, faults=[Fault("/headers/X-End-User", code, detail)])
    error.code = "invalid-parameters"
    return error


def _document(view: View, security: list[dict[str, list[str]]]) -> View:
    """Tell the OpenAPI document what the view asks for."""
    doc = deepcopy(getattr(view, "_apidoc", {}))
    doc.setdefault("manual_doc", {})["security"] = security
    view._apidoc = doc  # type: ignore[attr-defined]  # noqa: SLF001 - flask-smorest's way of documenting a view
    return view
