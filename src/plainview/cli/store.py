"""`plainview store`: what is done to a store while nothing runs on it."""

import json
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

store_app = typer.Typer(
    help="Move a store into another database.",
    epilog="\b\nExample: plainview store migrate sqlite:state/plainview.db postgresql://plainview@db/plainview",
    rich_markup_mode=None,
    no_args_is_help=True,
)


@store_app.callback()
def _root() -> None:
    """Move a store into another database."""


@store_app.command()
def migrate(
    source: Annotated[str, Argument(metavar="FROM", help="sqlite:PATH; it is left as it is.")],
    target: Annotated[
        str,
        Argument(metavar="TO", help="postgresql://USER@HOST:PORT/DATABASE, an empty database."),
    ],
    as_json: Annotated[bool, Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Copy all that a store holds into PostgreSQL, and compare the two. Stop Plainview before.

    What was cut short goes on where it was when it is started again.

    \b
    Example: plainview store migrate sqlite:state/plainview.db postgresql://plainview@db/plainview
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.store import migrate as job

    moved = job(source, target, lambda line: typer.echo(line, err=True))
    if as_json:
        typer.echo(json.dumps({"rows": moved.rows, "digest": moved.digest}))
        return
    for name, rows in sorted(moved.rows.items()):
        typer.echo(f"{name:14} {rows:14,}")
    typer.echo(f"the same on both sides: sha256 {moved.digest}")
