"""`plainview vault`: sealed recordings, which only both custodians together can open."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

vault_app = typer.Typer(
    help="Sealed recordings: check them, destroy what is due, set a legal hold.",
    epilog="\b\nExample: plainview vault check --city city.toml",
    rich_markup_mode=None,
)

City = Annotated[Path, Option("--city", help="The CITY.toml with the [recording] table.")]
State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]


@vault_app.command()
def check(
    city: City,
    state: State = None,
    operator: Annotated[
        Path | None,
        Option(help="The operator's age identity: opens all, with the other.", show_default=False),
    ] = None,
    commissioner: Annotated[
        Path | None, Option(help="The commissioner's age identity.", show_default=False)
    ] = None,
    as_json: Annotated[bool, Option("--json", help="As JSON, for another program.")] = False,
) -> None:
    """Prove what must always hold of the recordings, while they are being made. Changes nothing.

    \b
    Example: plainview vault check --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.vault import checked as job

    holds, lines = job(city, state, (operator, commissioner), as_json=as_json)
    for line in lines:
        typer.echo(line)
    if not holds:
        raise typer.Exit(1)


@vault_app.command()
def sweep(city: City, state: State = None) -> None:
    """Destroy what is past its term now. A running Plainview does this each minute.

    \b
    Example: plainview vault sweep --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.vault import sweep as job

    typer.echo(job(city, state))


@vault_app.command()
def clock(city: City, state: State = None) -> None:
    """Say that this machine's clock is right, after it leapt and no time server confirms it.

    \b
    Example: plainview vault clock --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.vault import confirm_clock as job

    typer.echo(job(city, state))


@vault_app.command()
def hold(  # noqa: PLR0913, PLR0917 - one for each option
    case: Annotated[str, Argument(help="The case's name: small letters, digits, hyphens.")],
    city: City,
    camera: Annotated[list[str], Option(help="A camera's id; once for each.")],
    since: Annotated[str, Option("--from", help="From when, UTC: 2026-11-23T18:00.")],
    until: Annotated[str, Option("--to", help="Until when, UTC.")],
    ends: Annotated[str, Option(help="The day on which the hold ends by itself.")],
    why: Annotated[str, Option(help="The reason, for the ledger. No names.")],
    key: Annotated[Path, Option(help="Your signing key.")],
    operator: Annotated[Path, Option(help="The operator's age identity.")],
    commissioner: Annotated[Path, Option(help="The commissioner's age identity.")],
    state: State = None,
) -> None:
    """Keep some hours beyond their term for a case, until a day. Needs both custodians.

    \b
    Example: plainview vault hold case-7 --camera plaza-north --from 2026-11-23T18:00
             --to 2026-11-23T19:00 --ends 2027-02-01 --why "court order 12/26" --key ada.key
             --operator operator.age --commissioner commissioner.age --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.vault import Asked
    from plainview.app.vault import hold as job

    wish = Asked(case, camera, since, until, ends, why, key, (operator, commissioner))
    typer.echo(job(wish, city=city, state=state))


@vault_app.command("end-hold")
def end_hold(
    case: Annotated[str, Argument(help="The case's name.")],
    city: City,
    why: Annotated[str, Option(help="The reason, for the ledger. No names.")],
    key: Annotated[Path, Option(help="Your signing key.")],
    operator: Annotated[Path, Option(help="The operator's age identity.")],
    commissioner: Annotated[Path, Option(help="The commissioner's age identity.")],
    state: State = None,
) -> None:
    """End a legal hold before its day: what it kept is destroyed. Needs both custodians.

    \b
    Example: plainview vault end-hold case-7 --why "the case was closed" --key ada.key
             --operator operator.age --commissioner commissioner.age --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.vault import end_hold as job

    both = (operator, commissioner)
    typer.echo(job(case, why, key=key, identities=both, city=city, state=state))
