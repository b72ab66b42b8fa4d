"""`plainview login`: a one-time link for the machine on which Plainview runs."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from plainview.governance.person import Role

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default


def login(
    role: Annotated[Role, Option(help="What you are here.")] = Role.OPERATOR,
    name: Annotated[str, Option(help="Who you are; your user name on this machine without.")] = "",
    state: Annotated[
        Path | None, Option("--state", help="State folder.", show_default=False)
    ] = None,
    end_all: Annotated[
        bool, Option("--end-all", help="End every session and link instead.")
    ] = False,
) -> None:
    """Print a link that signs you in on the pages: once, within ten minutes, on this machine.

    \b
    Example: plainview login --role supervisor --name "Kim Lee"
    Example: plainview login --end-all
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.access import end_all as end
    from plainview.app.access import local_link

    if end_all:
        end(state)
        typer.echo("every session and link has ended")
        return
    link = local_link(state, role=role, name=name)
    typer.echo(link.url)
    if link.waits:
        typer.echo(
            f"no Plainview runs on {link.waits}: the link waits for one to be started there",
            err=True,
        )
    elif link.starting:
        typer.echo(
            "Plainview is still starting here, and its address may be another: "
            "ask again once it has printed it",
            err=True,
        )
