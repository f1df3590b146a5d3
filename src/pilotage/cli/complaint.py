"""How an error is said."""

import json

import click

from pilotage.domain.errors import PilotageError


def complain(error: PilotageError, *, as_json: bool) -> None:
    """Say an error on stderr: in words, or for machines as one line of JSON."""
    if as_json:
        body = {"error": type(error).__name__, "message": error.message, "fix": error.fix}
        click.echo(json.dumps(body), err=True)
    else:
        click.echo(f"error: {error}", err=True)
