"""The OpenAPI 3.1 document, generated from the views, and a page that shows it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template

from creditshare.web.auth import open_to_all
from creditshare.web.etags import conditional
from creditshare.web.json_provider import dumps
from creditshare.web.problems import ProblemApi

METHODS = ("get", "post", "put", "patch", "delete")
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

blp = Blueprint("openapi", __name__, template_folder="templates")


def init_api(app: Flask, *, issuer: str, scopes: dict[str, str]) -> ProblemApi:
    """Make the API object that documents every blueprint."""
    app.config.update(
        API_TITLE="CreditShare",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={"info": {"description": "Shared credit information about small and micro firms."}},
    )
    api = ProblemApi(app)
    flow = {"tokenUrl": f"{issuer}/oauth/token", "scopes": scopes}
    api.spec.components.security_scheme("oauth2", {"type": "oauth2", "flows": {"clientCredentials": flow}})
    return api


@blp.get("/openapi.json")
@open_to_all
def document() -> Response:
    """Give the OpenAPI document."""
    return conditional(Response(dumps(_document()), mimetype="application/json"))


@blp.get("/docs")
@open_to_all
def page() -> Response:
    """Show the OpenAPI document to people; needs nothing from elsewhere."""
    response = Response(render_template("docs.html", spec=_document(), operations=_operations(_document())))
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    return response


def _document() -> dict[str, Any]:
    apis = current_app.extensions["flask-smorest"]["apis"]
    spec: dict[str, Any] = apis[""]["ext_obj"].spec.to_dict()
    return spec


def _operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operations[method])
        for path, operations in spec.get("paths", {}).items()
        for method in METHODS
        if method in operations
    ]
