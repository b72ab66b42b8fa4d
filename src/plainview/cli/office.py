"""People and stop switches: `plainview officer`, `plainview stop`, `plainview resume`."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from plainview.governance.person import Role

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts

officer_app = typer.Typer(
    help="The people who may sign decisions, each with a key of their own.",
    epilog="\b\nExample: plainview officer list",
    rich_markup_mode=None,
)

State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
Scope = Annotated[
    str | None, Argument(help="city, site:ID, camera:ID or capability:NAME.", show_default=False)
]
Why = Annotated[str, Option("--why", help="The reason, for the ledger. No names.")]
Key = Annotated[Path | None, Option("--key", help="Your signing key.", show_default=False)]


@officer_app.command()
def enrol(
    name: Annotated[str, Argument(help="The person's name; only a commitment to it is public.")],
    role: Annotated[Role, Option(help="What the person may do.")],
    out: Annotated[Path, Option(help="The file that gets the new key.")],
    state: State = None,
) -> None:
    """Enrol a person and write a signing key for them.

    \b
    Example: plainview officer enrol "Ada Wong" --role privacy-officer --out ada.key
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.officers import enrol as job

    typer.echo(job(name, role, out, state))


@officer_app.command("list")
def listing(state: State = None) -> None:
    """List the people who may sign.

    \b
    Example: plainview officer list
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.officers import listing as job

    for line in job(state):
        typer.echo(line)


@officer_app.command()
def remove(
    key_name: Annotated[str, Argument(help="The key's name, as 'officer list' shows it.")],
    why: Why,
    state: State = None,
) -> None:
    """Let a person's key count no more.

    \b
    Example: plainview officer remove city.example/officer/3 --why "left the office"
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.officers import remove as job

    typer.echo(job(key_name, why, state))


def stop(
    scope: Scope = None,
    why: Annotated[str, Option("--why", help="The reason, for the ledger. No names.")] = "",
    key: Key = None,
    name: Annotated[str | None, Option(help="Your name, where you have no key.")] = None,
    role: Annotated[Role, Option(help="Your role, with --name.")] = Role.OPERATOR,
    state: State = None,
) -> None:
    """Press a stop switch: one person is enough. Without a scope, list what is stopped.

    It stops what runs with this state folder. At a city's centre it is an order to the sites that
    obey it, and the list says which have confirmed; each site has its own switch besides.

    \b
    Example: plainview stop camera:plaza-north --why "aimed at a window" --name "Ada Wong"
    Example: plainview stop city --why "ordered by the commissioner" --key ada.key
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app import officers

    if scope is None:
        for line in officers.stops(state):
            typer.echo(line)
        return
    typer.echo(officers.stop(scope, why, key=key, name=name, role=role, state=state))


def resume(
    scope: Annotated[str, Argument(help="city, site:ID, camera:ID or capability:NAME.")],
    key: Annotated[Path, Option("--key", help="Your signing key.")],
    why: Why,
    state: State = None,
) -> None:
    """Agree that what was stopped may start again. It takes two people, each with their key.

    At a city's centre two people take the order back; a site starts again when two there agree.

    \b
    Example: plainview resume camera:plaza-north --key ada.key --why "aimed at the plaza again"
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.officers import resume as job

    typer.echo(job(scope, why, key=key, state=state))
