"""`creditshare client`: who may talk to the platform."""

from __future__ import annotations

import click

from creditshare.commands.installation import installation
from creditshare.commands.output import json_option, print_json, print_table
from creditshare.core.clock import utcnow
from creditshare.participants import queries, services
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms
from creditshare.resources.catalogue import kind_named


@click.group(
    epilog="""\b
Examples:
  creditshare client create --role provider --name "Tax office" --participant tax --kinds tax-filing,tax-rating
  creditshare client create --role bank --name "City bank" --json
  creditshare client list
  creditshare client revoke cli_…
"""
)
def client() -> None:
    """Make, list and revoke clients; a client is one set of credentials of a participant."""


@client.command()
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", required=True, help="The organisation's name.")
@click.option("--participant", "code", help="Stable code of a participant, new or existing.")
@click.option("--kinds", default="", help="Record kinds it may push, with commas between.")
@click.option("--uscc", help="The organisation's unified social credit code (needed for a firm).")
@json_option
def create(role: str, name: str, code: str | None, kinds: str, uscc: str | None, as_json: bool) -> None:
    """Make a client, of a new participant or one more of an existing one. The secret is shown this once."""
    wanted = tuple(kind.strip() for kind in kinds.split(",") if kind.strip())
    for kind in wanted:
        kind_named(kind)
    terms = ClientTerms(role=Role(role), name=name, code=code, kinds=wanted, uscc=uscc)
    with installation() as here, here.sessions.begin() as session:
        made = services.create_client(session, terms=terms, now=utcnow()).to_dict()
    if as_json:
        print_json(made)
        return
    for key, value in made.items():
        click.echo(f"{key:<14} {', '.join(value) if isinstance(value, list) else value}")
    click.echo("Keep the secret now: it is not stored and cannot be shown again.")


@client.command("list")
@json_option
def list_clients(as_json: bool) -> None:
    """List all clients."""
    with installation() as here, here.sessions() as session:
        rows = queries.list_clients(session)
    header = ("participant", "role", "client_id", "state", "name")
    found = [
        (p.code, p.role.value, c.client_id, "revoked" if c.revoked_at else "live", p.name) for c, p in rows
    ]
    if as_json:
        print_json([dict(zip(header, row, strict=True)) for row in found])
    else:
        print_table(header, found)


@client.command()
@click.argument("client_id")
def revoke(client_id: str) -> None:
    """End a client; its tokens are refused within a second."""
    with installation() as here, here.sessions.begin() as session:
        services.revoke_client(session, client_id=client_id, now=utcnow())
    click.echo(f"{client_id} is revoked; its tokens are refused within a second")
