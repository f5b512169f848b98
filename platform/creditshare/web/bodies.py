"""Request bodies: how large, how streamed, how read to the end before a refusal.

A server that answers while the client still sends resets the connection, and the client never sees the refusal
(tried with granian): so what is left of the body is read first, up to a limit.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from typing import IO, Any, TypeVar

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_input_stream

from creditshare.errors import CreditShareError

View = TypeVar("View", bound=Callable[..., Any])

LONGEST_BODY = 16 * 1024 * 1024
LONGEST_DRAIN = 64 * 1024 * 1024
DRAIN_SECONDS = 60.0
BLOCK = 64 * 1024


class BodyTooLarge(CreditShareError):
    """The body is longer than this path takes."""

    code = "body-too-large"
    status = 413


class BodyBrokenOff(CreditShareError):
    """The body ended before its end."""

    code = "body-broken-off"
    status = 400


class BodyStream:
    """The request's body, read once, hashed on the way.

    `expected` is the length that the client stated: the server hands over what had come when the connection broke as
    if it were the whole (tried with granian).
    """

    def __init__(self, raw: IO[bytes], *, expected: int | None = None) -> None:
        self._raw = raw
        self._expected = expected
        self._sha256 = hashlib.sha256()
        self.length = 0

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes, all that is left when negative; empty at the end. Raises BodyBrokenOff."""
        block = self._raw.read(size)
        if (
            self._expected is not None
            and self.length + len(block) < self._expected
            and (size < 0 or not block)
        ):
            raise BodyBrokenOff(f"{self._expected} bytes were announced, {self.length + len(block)} came")
        self._sha256.update(block)
        self.length += len(block)
        return block

    def sha256(self) -> bytes:
        """Return the hash of what was read so far."""
        return self._sha256.digest()


def streams_body(view: View) -> View:
    """Mark a view whose body may have any length; it reads through `body_stream()` or `request.files`."""
    view.streams_body = True  # type: ignore[attr-defined]
    return view


def allow_stream() -> None:
    """Lift the limit for views that stream; a request hook."""
    if request.endpoint is not None and is_streaming():
        request.max_content_length = None


def bound_chunked() -> None:
    """Read a chunked body that is not to be streamed, and refuse a long one; a request hook, after authentication.

    Werkzeug would cut it off at the limit and hand over the beginning as if it were the whole.
    """
    environ = request.environ
    if "HTTP_TRANSFER_ENCODING" not in environ or request.endpoint is None or is_streaming():
        return
    body = environ["wsgi.input"].read(LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        raise BodyTooLarge(f"the body is longer than {LONGEST_BODY} bytes")
    del environ["HTTP_TRANSFER_ENCODING"]
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))


def is_streaming() -> bool:
    """Say whether the view of this request reads its body as a stream."""
    return bool(getattr(current_app.view_functions[request.endpoint or ""], "streams_body", False))


def body_stream() -> BodyStream:
    """Return the body of this request as a stream: the same object at every call."""
    if "body_stream" not in g:
        g.body_stream = BodyStream(request.stream, expected=request.content_length)
    stream = g.body_stream
    assert isinstance(stream, BodyStream)
    return stream


def read_body(*, limit: int = LONGEST_BODY) -> bytes:
    """Read a streaming view's whole body into memory; longer than `limit` is a 413."""
    stream = body_stream()
    blocks = []
    while block := stream.read(BLOCK):
        blocks.append(block)
        if stream.length > limit:
            raise BodyTooLarge(f"the body is longer than {limit} bytes")
    return b"".join(blocks)


def content_hash() -> bytes:
    """Return the hash of what the body says: of its bytes, or of a form's fields and files (boundaries differ)."""
    if request.mimetype == "multipart/form-data":
        return _form_hash()
    if is_streaming():
        stream = body_stream()
        while stream.read(BLOCK):
            pass
        return stream.sha256()
    return hashlib.sha256(request.get_data(cache=True)).digest()


def _form_hash() -> bytes:
    whole = hashlib.sha256()
    for name, value in sorted(request.form.items(multi=True)):
        whole.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(value.encode()).digest())
    for name, file in sorted(request.files.items(multi=True), key=lambda pair: pair[0]):
        content = hashlib.sha256()
        file.stream.seek(0)
        while block := file.stream.read(BLOCK):
            content.update(block)
        file.stream.seek(0)
        whole.update(hashlib.sha256(name.encode()).digest() + content.digest())
    return whole.digest()


def drain(response: Response) -> Response:
    """Read what is left of the body; a response hook."""
    if not request.content_length and not request.environ.get("HTTP_TRANSFER_ENCODING"):
        return response
    stream, left, until = _rest_of_body(), LONGEST_DRAIN, time.monotonic() + DRAIN_SECONDS
    while left > 0 and time.monotonic() < until:
        try:
            block = stream.read(min(BLOCK, left))
        except (OSError, HTTPException):
            break  # the client went away
        if not block:
            break
        left -= len(block)
    return response


def _rest_of_body() -> IO[bytes]:
    environ = request.environ
    if environ.get("wsgi.input_terminated"):
        raw: IO[bytes] = environ["wsgi.input"]  # ends by itself, whatever was read of it
        return raw
    if "stream" in request.__dict__:
        return request.stream
    return get_input_stream(environ)
