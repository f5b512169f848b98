"""A small HTTP client for the demonstration: what a participant's own programs would do, in standard library."""

from __future__ import annotations

import base64
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

import orjson

from creditshare.errors import CreditShareError

PATIENCE_SECONDS = 60


class DemoFailed(CreditShareError):
    """A step of the demonstration did not do what it should."""

    code = "demo-failed"


@dataclass(slots=True)
class Api:
    """The platform as one client sees it."""

    base: str
    client_id: str
    client_secret: str
    _token: str = field(default="", repr=False)

    def get(self, path: str, **query: str) -> Any:
        """GET a path as JSON."""
        return self._call("GET", path, query)

    def post(self, path: str, body: Any, **query: str) -> Any:
        """POST a JSON body."""
        return self._call("POST", path, query, orjson.dumps(body), "application/json")

    def push(self, path: str, body: bytes, media_type: str, **query: str) -> Any:
        """POST a file of records."""
        return self._call("POST", path, query, body, media_type)

    def _call(
        self, method: str, path: str, query: dict[str, str], body: bytes | None = None, media_type: str = ""
    ) -> Any:
        url = self.base + path + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = {"Authorization": f"Bearer {self._token or self._authenticate()}"}
        return _send(urllib.request.Request(url, body, headers | _content(media_type), method=method))  # noqa: S310

    def _authenticate(self) -> str:
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310 - the demonstration's own loopback address
            self.base + "/oauth/token",
            b"grant_type=client_credentials",
            {"Authorization": f"Basic {pair}"} | _content("application/x-www-form-urlencoded"),
        )
        self._token = _send(request)["access_token"]
        return self._token


def _content(media_type: str) -> dict[str, str]:
    return {"Content-Type": media_type} if media_type else {}


def _send(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - see above
            return orjson.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            said = error.read().decode(errors="replace")
        raise DemoFailed(f"{request.method} {request.selector} answered {error.code}: {said[:500]}") from None
