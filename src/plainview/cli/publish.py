"""`plainview publish`: public statistics of a day with differential privacy, and their account."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default
# ruff: noqa: PLR0913, PLR0917 - each option is an argument, which Typer calls by name


def publish(
    city: Annotated[Path | None, Argument(help="CITY.toml.", show_default=False)] = None,
    day: Annotated[
        str | None, Option(help="The day, YYYY-MM-DD, by the city's clock.", show_default=False)
    ] = None,
    epsilon: Annotated[
        float, Option(help="Spent for a person's whole day in the whole city, at delta 1e-6.")
    ] = 6.0,
    crossing_epsilon: Annotated[
        float, Option(help="Spent for each single crossing of a line.")
    ] = 1.0,
    detections: Annotated[
        float | None,
        Option(help="d: detections that somebody is in one view, where you measured it.", min=1.0),
    ] = None,
    overlap: Annotated[
        int | None,
        Option(help="Leave views out until no point is in more than this.", min=1),
    ] = None,
    out: Annotated[
        Path | None, Option(help="Write the files to this folder too.", show_default=False)
    ] = None,
    state: Annotated[
        Path | None, Option("--state", help="State folder.", show_default=False)
    ] = None,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Say what it would be; draw and record nothing.")
    ] = False,
    account: Annotated[
        bool, Option("--account", help="Show what was spent so far, and nothing else.")
    ] = False,
) -> None:
    """Publish a day's hourly occupancy and crossings with differential privacy; recorded first.

    Only cameras whose current permit grants 'publish' are in it. A day can be published once.

    \b
    Example: plainview publish city.toml --day 2026-11-25 --dry-run
    Example: plainview publish city.toml --day 2026-11-25 --out published
    Example: plainview publish --account --state /var/lib/plainview
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.draw import Terms
    from plainview.app.publish import account as show
    from plainview.app.publish import publish as job
    from plainview.errors import InputError

    if account:
        said = show(state)
    elif city is None or day is None:
        raise InputError(
            "it is not said what is to be published",
            where="plainview publish",
            mend="Give CITY.toml and --day, or --account",
        )
    else:
        given = {} if detections is None else {"detections": detections}
        terms = Terms(epsilon=epsilon, crossing=crossing_epsilon, overlap=overlap, **given)
        said = job(city, day=day, terms=terms, state=state, out=out, dry_run=dry_run)
    for line in said:
        typer.echo(line)
