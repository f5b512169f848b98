"""`creditshare ingest`: one file of one provider's records."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from creditshare.commands.installation import Installation, installation
from creditshare.commands.output import json_option, print_json
from creditshare.core.clock import utcnow
from creditshare.intake import formats, submissions
from creditshare.intake.loading import Loader, load_submission
from creditshare.intake.models import Submission, SubmissionState
from creditshare.intake.schemas import submission_body
from creditshare.intake.submissions import FINAL, Terms
from creditshare.intake.validation import read_moment
from creditshare.jobs import heartbeats
from creditshare.participants.queries import get_participant
from creditshare.resources.catalogue import kind_named

MEDIA = {"csv": formats.CSV, "ndjson": formats.NDJSON, "json": formats.JSON}
HEARD_WITHIN = timedelta(seconds=15)


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment: datetime = read_moment(value)
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0])) from None
    return moment


@click.command(
    epilog="""\b
Examples:
  creditshare ingest registration.csv --kind registration --provider amr --wait
  creditshare ingest bills.csv --kind utility-bill --provider water --encoding gb18030 --dry-run
"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--kind", required=True, help="Record kind; see `creditshare kinds list`.")
@click.option("--provider", required=True, help="Code of the participant whose records these are.")
@click.option("--format", "form", type=click.Choice(sorted(MEDIA)), help="Default: by the file's ending.")
@click.option("--encoding", type=click.Choice(formats.ENCODINGS), default="utf-8", show_default=True)
@click.option("--on-error", type=click.Choice(["skip", "fail"]), default="skip", show_default=True)
@click.option("--revised-at", callback=_moment, help="Moment of rows that state none (default: now).")
@click.option("--dry-run", is_flag=True, help="Validate only; publish nothing.")
@click.option("--wait", is_flag=True, help="Return when the file is loaded, even if a worker would do it.")
@json_option
def ingest(
    file: Path,
    kind: str,
    provider: str,
    form: str | None,
    wait: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Load a file of records. Exit status 1 when the submission failed; rejects are told, and kept."""
    form = form or file.suffix.lstrip(".").lower()
    if form not in MEDIA:
        raise click.BadParameter(
            f"cannot tell the format of {file.name}: say --format {'|'.join(sorted(MEDIA))}"
        )
    terms = Terms(kind=kind_named(kind).name, media_type=MEDIA[form], **how)
    with installation() as here:
        body = _ingest(here, file, provider, terms, wait=wait)
    if as_json:
        print_json(body)
    else:
        counts = ", ".join(f"{count} {name}" for name, count in body["counts"].items())
        click.echo(f"{body['id']} {body['state']}: {counts}")
        if "problem" in body:
            click.echo(f"  {body['problem']['detail']}", err=True)
    if body["state"] == SubmissionState.FAILED:
        raise click.exceptions.Exit(1)


def _ingest(here: Installation, file: Path, provider: str, terms: Terms, *, wait: bool) -> dict[str, Any]:
    with file.open("rb") as stream, here.sessions.begin() as session:
        participant = get_participant(session, code=provider)
        submission = submissions.receive(
            session,
            participant_id=participant.id,
            terms=terms,
            body=iter(lambda: stream.read(submissions.CHUNK_BYTES), b""),
            keyring=here.keyring,
            now=utcnow(),
        )
        heard = heartbeats.last_heard(session)
    if wait or heard is None or utcnow() - heard > HEARD_WITHIN:
        load_submission(Loader(here.sessions, here.keyring, utcnow), submission.id)
        for _ in _until_final(here, submission):
            time.sleep(0.2)
    with here.sessions() as session:
        return submission_body(
            _reread(session, submission), unlinked=submissions.unlinked_rows(session, submission.id)
        )


def _until_final(here: Installation, submission: Submission) -> Iterator[None]:
    """Yield until the submission has ended: a worker may have taken it up first."""
    while True:
        with here.sessions() as session:
            if _reread(session, submission).state in FINAL:
                return
        yield


def _reread(session: Session, submission: Submission) -> Submission:
    return submissions.get_submission(session, submission.id, participant_id=submission.participant_id)
