"""Every way in has a guard."""

import pytest
from flask import Blueprint

from creditshare.app import PLAIN_BLUEPRINTS, ViewUnguarded, create_app
from creditshare.participants.roles import ROLE_SCOPES, SCOPES
from creditshare.web.blueprint import Blueprint as DocumentedBlueprint

OPEN_ENDPOINTS = {
    "health.healthz",
    "health.readyz",
    "metrics.metrics",
    "openapi.document",
    "openapi.page",
    "oauth.issue_token",
    "oauth.revoke",
    "oauth.public_keys",
    "oauth.describe_server",
}


def test_every_view_names_the_scope_it_needs(app):
    unguarded = {
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint not in OPEN_ENDPOINTS and not hasattr(view, "required_scope")
    }

    assert unguarded == set()


def test_only_these_views_are_open(app):
    open_endpoints = {
        endpoint for endpoint, view in app.view_functions.items() if getattr(view, "open_to_all", False)
    }

    assert open_endpoints == OPEN_ENDPOINTS


def test_every_scope_asked_for_can_be_held_by_someone(app):
    asked = {getattr(view, "required_scope", "") for view in app.view_functions.values()} - {""}

    assert asked <= set(SCOPES)
    assert set(SCOPES) == frozenset().union(*ROLE_SCOPES.values())


def test_an_application_with_an_unguarded_view_does_not_start(settings):
    careless = DocumentedBlueprint("careless", __name__)
    careless.add_url_rule("/v1/everything", "everything", lambda: "all of it")

    with pytest.raises(ViewUnguarded, match=r"careless\.everything"):
        create_app(settings, blueprints=(careless,))


def test_every_operation_is_in_the_document(client, app):
    documented = set(client.get("/openapi.json").json["paths"])

    undocumented = {
        str(rule)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0]
        not in {blp.name for blp in PLAIN_BLUEPRINTS if isinstance(blp, Blueprint)}
        and str(rule).replace("<", "{").replace(">", "}").replace("path:", "") not in documented
    }
    assert undocumented == set()
