"""`hub token`: a token of the demo's issuer for one of its sample viewers."""

from __future__ import annotations

from pathlib import Path

import click

# Named here so that `hub --help` need not load cryptography; a test holds them against `hub.demo.tokens.VIEWERS`.
NAMES = (
    "citizen", "soldier", "police-officer", "conscript", "officer", "cleared-officer", "analyst", "health-ministry",
    "defence-officer", "security-officer",
)  # fmt: skip


@click.command(short_help="Print a token for a sample viewer of the demo.")
@click.argument("viewer", type=click.Choice(NAMES), metavar="VIEWER")
@click.option("--data", type=click.Path(path_type=Path), default=Path(".demo"), help="The demo's directory.")
@click.option(
    "--hours", type=click.FloatRange(min=0, max=24 * 366, min_open=True), default=12, help="How long it holds."
)
@click.option(
    "--subject", metavar="NUMBER", help="Read as the person with this personal number (số định danh cá nhân)."
)
def token(viewer: str, data: Path, hours: float, subject: str | None) -> None:
    """Print a token for VIEWER, and nothing else:

    \b
      citizen           reads his own book, and a little of his household
      soldier           a citizen whose own records are partly defence records
      police-officer    a citizen whose own records are partly public-security records
      conscript         a citizen with two years of service in his career
      officer           works at an insurance agency
      cleared-officer   the same, cleared to see that defence records exist
      analyst           counts and compares, sees nobody's name or number
      health-ministry   a partner: exactly the fields of its agreement
      defence-officer   an officer of the army's insurance
      security-officer  an officer of the police's insurance

    \b
      curl -H "Authorization: Bearer $(hub token citizen)" ...
    """  # noqa: D301 - `\\b` is click's mark for text that keeps its lines
    from hub.demo.folder import Folder
    from hub.demo.tokens import make_token
    from hub.domain.identifiers import parse_personal_id

    if subject is not None:
        parse_personal_id(subject)
    click.echo(make_token(Folder(data.expanduser().resolve()), viewer, hours=hours, subject=subject))
