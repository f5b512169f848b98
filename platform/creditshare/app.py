"""Puts one web application together: the only place that knows every room's views."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask
from sqlalchemy.orm import Session, sessionmaker

from creditshare.consents import views as consents
from creditshare.core import kv
from creditshare.core.clock import day_of, utcnow
from creditshare.core.database import make_engine, make_sessions
from creditshare.core.encryption import Keyring
from creditshare.core.logs import configure_logs
from creditshare.inquiries import views as inquiries
from creditshare.intake import views as records
from creditshare.jobs.heartbeats import last_heard
from creditshare.participants import oauth
from creditshare.participants import views as participants
from creditshare.participants.roles import SCOPES
from creditshare.participants.signing import SigningKeys
from creditshare.participants.tokens import AccessTokens
from creditshare.resources import views as resources
from creditshare.resources.catalogue import load_catalogue
from creditshare.settings import Settings
from creditshare.web import auth, bodies, health, metrics, openapi, request_ids
from creditshare.web.blueprint import Blueprint as DocumentedBlueprint
from creditshare.web.blueprint import refuse_nul
from creditshare.web.idempotency import heeds_keys, idempotent
from creditshare.web.json_provider import OrjsonProvider
from creditshare.web.limits import make_limiter
from creditshare.web.problems import init_problems
from creditshare.web.runtime import EXTENSION, Runtime
from creditshare.web.workers_heard import WorkerWatch

# One blueprint per room, in the order of the OpenAPI document: a new room's views go here and nowhere else.
BLUEPRINTS: tuple[DocumentedBlueprint, ...] = (
    participants.blp,
    resources.blp,
    records.blp,
    consents.blp,
    inquiries.blp,
)
PLAIN_BLUEPRINTS: tuple[Blueprint, ...] = (health.blp, metrics.blp, openapi.blp)


class ViewUnguarded(RuntimeError):
    """A view says neither which scope it needs nor that it is open: the application must not start."""


def create_app(
    settings: Settings,
    *,
    blueprints: Sequence[DocumentedBlueprint] = BLUEPRINTS,
    sessions: sessionmaker[Session] | None = None,
) -> Flask:
    """Make the application. `sessions` is for tests that keep all work in one transaction."""
    configure_logs(settings.log_level)
    load_catalogue(settings.config_dir, day_of(utcnow()))  # a wrong catalogue stops the start
    app = Flask("creditshare", static_folder=None)
    app.json = OrjsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = bodies.LONGEST_BODY
    engine = make_engine(settings.database_url, pool_size=settings.web_threads)
    if sessions is None:
        sessions = make_sessions(engine)
    keyring = Keyring(settings.master_key)
    keys = SigningKeys(sessions, keyring)
    tokens = AccessTokens(sessions, keys, issuer=settings.issuer)
    _add_request_hooks(app, tokens)
    limiter = make_limiter(app, redis_url=settings.redis_url, per_minute=settings.requests_per_minute)
    app.extensions[EXTENSION] = Runtime(
        settings=settings,
        engine=engine,
        sessions=sessions,
        keyring=keyring,
        redis=kv.connect(settings.redis_url),
        limiter=limiter,
        authenticator=tokens,
        public_keys=keys.public_keys,
        last_heard=last_heard,
        watch=WorkerWatch(),
    )
    app.extensions[oauth.EXTENSION] = oauth.make_authorization_server(tokens, keys, sessions)
    init_problems(app)
    api = openapi.init_api(app, issuer=settings.issuer, scopes=SCOPES)
    for plain in PLAIN_BLUEPRINTS:
        app.register_blueprint(plain)
        if plain is not openapi.blp:
            limiter.exempt(plain)  # probes ask often, and must be answered when Redis is away
    for documented in blueprints:
        api.register_blueprint(documented)
    if unguarded := auth.unmarked_endpoints(app):
        raise ViewUnguarded(", ".join(sorted(unguarded)))
    for endpoint, view in app.view_functions.items():
        if not heeds_keys(view):
            app.view_functions[endpoint] = idempotent(view)
    return app


def _add_request_hooks(app: Flask, tokens: AccessTokens) -> None:
    """Order matters: first comes who is asking; the limiter, which counts by client, adds its own hook later."""
    app.before_request(metrics.begin)
    app.before_request(request_ids.begin)
    app.before_request(bodies.allow_stream)
    app.before_request(lambda: auth.authenticate(tokens))
    app.before_request(bodies.bound_chunked)
    app.before_request(refuse_nul)
    app.after_request(metrics.observe)
    app.after_request(request_ids.echo)
    app.after_request(bodies.drain)
