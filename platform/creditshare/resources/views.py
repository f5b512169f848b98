"""The record kinds, for whoever sends or reads records."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from flask import Response

from creditshare.core.clock import day_of, utcnow
from creditshare.resources.catalogue import ALL_KINDS, Catalogue, kind_named, load_catalogue
from creditshare.resources.description import describe
from creditshare.resources.schemas import KindListSchema, KindSchema
from creditshare.resources.template import csv_template
from creditshare.web.auth import requires_token
from creditshare.web.blueprint import Blueprint
from creditshare.web.etags import conditional
from creditshare.web.json_provider import dumps
from creditshare.web.pagination import Page, PageSchema, page_of
from creditshare.web.runtime import runtime

blp = Blueprint("kinds", __name__, url_prefix="/v1/kinds", description="Record kinds")

catalogue_of = lru_cache(maxsize=2)(load_catalogue)  # read once a day; today's and, at midnight, yesterday's


@blp.route("", methods=["GET"])
@requires_token
@blp.arguments(PageSchema, location="query")
@blp.response(200, KindListSchema)
def list_kinds(page: Page) -> Response:
    """List the record kinds, group by group."""
    catalogue = _today()
    place = page.after("kinds")
    start = 0 if place is None else int(place[0])
    shown = range(start, min(start + page.limit + 1, len(ALL_KINDS)))
    body = page_of(
        shown,
        page,
        list_name="kinds",
        dump=lambda index: describe(ALL_KINDS[index], catalogue[ALL_KINDS[index].name]),
        position=lambda index: [index + 1],
    )
    return conditional(Response(dumps(body), mimetype="application/json"))


@blp.route("/<kind>", methods=["GET"])
@requires_token
@blp.response(200, KindSchema)
def show_kind(kind: str) -> Response:
    """Describe one record kind: fields, rules, key, period, sharing, consent, retention, JSON Schema."""
    found = kind_named(kind)
    return conditional(Response(dumps(describe(found, _today()[found.name])), mimetype="application/json"))


@blp.route("/<kind>/template", methods=["GET"])
@requires_token
@blp.response(200, {"type": "string"}, content_type="text/csv", description="header line and one example row")
def show_template(kind: str) -> Response:
    """Give the CSV template of a record kind."""
    found = kind_named(kind)
    response = Response(csv_template(found), content_type="text/csv; charset=utf-8; header=present")
    response.headers["Content-Disposition"] = f'attachment; filename="{found.name}.csv"'
    return conditional(response)


def _today() -> Catalogue:
    folder: Path = runtime().settings.config_dir
    return catalogue_of(folder, day_of(utcnow()))
