"""Our Blueprint: flask-smorest's, with the strict JSON parser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from flask import Request, abort, request
from flask_smorest import Blueprint as SmorestBlueprint  # type: ignore[import-untyped]
from marshmallow import Schema, ValidationError
from webargs import core
from webargs.flaskparser import FlaskParser

from creditshare.errors import Fault, Invalid
from creditshare.web import strict_json
from creditshare.web.validation import faults_of

View = TypeVar("View", bound=Callable[..., Any])


class BodyInvalid(Invalid):
    """The body is not what it says it is."""

    code = "body-invalid"
    status = 400


class ParametersInvalid(Invalid):
    """Parameters or body break the schema."""

    code = "invalid-parameters"


class Parser(FlaskParser):
    """Reads arguments; whatever is wrong with them becomes one of our problems."""

    def _raw_load_json(self, req: Request) -> Any:
        if not core.is_json(req.mimetype):
            if req.content_length or "Transfer-Encoding" in req.headers:
                abort(415)
            return core.missing
        return parse_json(req.get_data(cache=True))

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **_: Any) -> NoReturn:
        """Answer with every fault at once."""
        faults = faults_of(error.messages)
        raise ParametersInvalid(f"{len(faults)} thing(s) to correct", faults=faults) from error


def parse_json(body: bytes) -> Any:
    """Parse a request's JSON; what is not JSON is a 400."""
    try:
        return strict_json.loads(body)
    except strict_json.JsonInvalid as error:
        raise BodyInvalid(f"the body {error.detail}") from None


class Blueprint(SmorestBlueprint):  # type: ignore[misc]  # flask-smorest has no types
    """The blueprint every feature's views use."""

    ARGUMENTS_PARSER = Parser()

    if TYPE_CHECKING:  # what the untyped library's decorators do to a view, for the type checker

        def route(self, rule: str, **options: Any) -> Callable[[View], View]:
            """Register a view."""

        def response(self, status_code: int, schema: Any = None, **options: Any) -> Callable[[View], View]:
            """Dump what the view returns."""

        def alt_response(
            self, status_code: int, response: Any = None, **options: Any
        ) -> Callable[[View], View]:
            """Document another answer."""

        def arguments(self, schema: Any, **options: Any) -> Callable[[View], View]:
            """Parse arguments."""

        def doc(self, **options: Any) -> Callable[[View], View]:
            """Add to the OpenAPI document."""


def refuse_nul() -> None:
    """Refuse NUL characters in path and query before they reach a query; a request hook."""
    places = [*(f"/path/{name}" for name, value in (request.view_args or {}).items() if "\0" in str(value))]
    places += [
        f"/query/{name[:64]}" for name, value in request.args.items(multi=True) if "\0" in name + value
    ]
    if places:
        faults = [Fault(place.replace("\0", ""), "text-invalid", "holds a NUL character") for place in places]
        raise ParametersInvalid("NUL characters are not text", faults=faults)
