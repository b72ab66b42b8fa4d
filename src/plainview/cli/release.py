"""`plainview release`: sealed footage opened by two, logged first."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default
# ruff: noqa: PLR0913, PLR0917 - one for each option
# ruff: noqa: D301 - \b keeps the lines apart in --help

release_app = typer.Typer(
    help="Open sealed footage: one asks, two approve, two custodians unwrap; logged first.",
    epilog="\b\nExample: plainview release list",
    rich_markup_mode=None,
)

Id = Annotated[str, Argument(help="The release's id, as 'release list' shows it.")]
City = Annotated[Path, Option("--city", help="The CITY.toml with the [recording] table.")]
State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
Key = Annotated[Path, Option(help="Your signing key.")]
Policy = Annotated[
    Path, Option(help="Your own file of the ledger's key, the witnesses and their quorum.")
]
File = Annotated[Path, Argument(help="The file that 'release grant' wrote.")]


@release_app.command()
def request(
    camera: Annotated[list[str], Option(help="A camera's id; once for each.")],
    since: Annotated[str, Option("--from", help="From when, UTC: 2026-11-23T18:00:00.")],
    until: Annotated[str, Option("--to", help="Until when, UTC.")],
    case: Annotated[str, Option(help="The case's number: on every picture, not public.")],
    purpose: Annotated[str, Option(help="What for. Public: no names.")],
    basis: Annotated[str, Option(help="The law, order or right. Public: no names.")],
    key: Key,
    state: State = None,
    unredacted: Annotated[
        bool, Option("--unredacted", help="Ask for the pictures as they are.")
    ] = False,
    visible: Annotated[
        int, Option(help="Percent of a picture that hand-drawn regions may show.", min=1, max=100)
    ] = 25,
) -> None:
    """Ask for a stretch of sealed footage. Nothing is opened; the public log tells of it.

    \b
    Example: plainview release request --camera plaza-north --from 2026-11-23T18:00:10
             --to 2026-11-23T18:01:00 --case 24-118 --purpose "how the fall at gate B came about"
             --basis "Exampleshire Act 1998, section 15" --key cyd.key
    """
    from plainview.app.release import Asked
    from plainview.app.release import request as job

    asked = Asked(case, purpose, basis, camera, since, until, unredacted, visible, key)
    typer.echo(job(asked, state))


@release_app.command("list")
def list_(
    state: State = None,
    as_json: Annotated[bool, Option("--json", help="As JSON, for another program.")] = False,
) -> None:
    """List every release that was ever asked for, as the public may know it.

    \b
    Example: plainview release list
    """
    from plainview.app.release import listing as job

    for line in job(state, as_json=as_json):
        typer.echo(line)


@release_app.command()
def show(identifier: Id, state: State = None) -> None:
    """Show all of a request, for who is to approve it.

    \b
    Example: plainview release show 3f9a1c2b7d
    """
    from plainview.app.release import shown as job

    for line in job(identifier, state):
        typer.echo(line)


@release_app.command()
def approve(identifier: Id, key: Key, state: State = None) -> None:
    """Approve a request. It takes two people in two roles, and neither may have asked.

    \b
    Example: plainview release approve 3f9a1c2b7d --key ada.key
    """
    from plainview.app.release import approve as job

    typer.echo(job(identifier, key, state))


@release_app.command()
def grant(
    identifier: Id,
    city: City,
    out: Annotated[Path, Option(help="The file to write, for the custodians.")],
    state: State = None,
) -> None:
    """Record the order of an approved release, have it witnessed, and write what custodians need.

    \b
    Example: plainview release grant 3f9a1c2b7d --city city.toml --out 3f9a1c2b7d.release
    """
    from plainview.app.release import grant as job

    typer.echo(job(identifier, out, city=city, state=state))


@release_app.command()
def check(file: File, policy: Policy) -> None:
    """Check a custodians' file with nothing but your policy. Exit 1 if something does not hold.

    \b
    Example: plainview release check 3f9a1c2b7d.release --policy city.policy
    """
    from plainview.app.release_custodian import checked as job

    for line in job(file, policy):
        typer.echo(line)


@release_app.command()
def unwrap(
    file: File,
    policy: Policy,
    party: Annotated[str, Option(help="operator or commissioner.")],
    identity: Annotated[Path, Option(help="Your age identity.")],
    out: Annotated[Path, Option(help="The file to write.")],
    to: Annotated[
        list[str] | None,
        Option(help="The other custodian's age recipient, if you go first.", show_default=False),
    ] = None,
    other: Annotated[
        Path | None,
        Option("--with", help="What the other custodian handed you.", show_default=False),
    ] = None,
    yes: Annotated[bool, Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Unwrap your share for a release, on your own machine; everything is checked before.

    The first custodian gives --to, and hands what is written to the second, who gives --with. What
    the second writes opens the recordings of this release alone.

    \b
    Example: plainview release unwrap 3f9a1c2b7d.release --policy city.policy --party commissioner
             --identity commissioner.age --to age1... --out share.age
    Example: plainview release unwrap 3f9a1c2b7d.release --policy city.policy --party operator
             --identity operator.age --with share.age --out keys.age
    """
    from plainview.app.release_custodian import Unwrapping
    from plainview.app.release_custodian import unwrap as job

    def agree(lines: list[str]) -> bool:
        for line in lines:
            typer.echo(line)
        if yes:
            return True
        try:
            return typer.confirm("Unwrap your share for this?")
        except typer.Abort:  # nobody answers
            typer.echo()
            return False

    wish = Unwrapping(file, policy, party, identity, to or (), other, out)
    typer.echo(job(wish, agree))


@release_app.command()
def export(
    identifier: Id,
    city: City,
    keys: Annotated[Path, Option(help="What the second custodian wrote.")],
    out: Annotated[Path, Option(help="A new folder for the films and what vouches for them.")],
    key: Key,
    state: State = None,
    region: Annotated[
        Path | None,
        Option(help="Hand-drawn regions that are not obscured.", show_default=False),
    ] = None,
) -> None:
    """Decrypt a release into films, marked and obscured; each time is an entry of the ledger.

    \b
    Example: plainview release export 3f9a1c2b7d --city city.toml --keys keys.age
             --region subject.toml --out film --key cyd.key
    """
    from plainview.app.release_export import Exporting
    from plainview.app.release_export import export as job

    wish = Exporting(identifier, keys, region, out, key)
    for line in job(wish, city=city, state=state):
        typer.echo(line)


@release_app.command()
def verify(
    folder: Annotated[Path, Argument(help="The folder of an export.")],
    key: Annotated[str, Option(help="The authority's verifier key: see 'ledger show'.")],
) -> None:
    """Check that films are as they were given out. Exit 1 if they are not.

    \b
    Example: plainview release verify film --key "$AUTHORITY"
    """
    from plainview.app.release_export import verified as job

    for line in job(folder, key):
        typer.echo(line)


@release_app.command()
def end(
    identifier: Id,
    city: City,
    why: Annotated[str, Option(help="The reason, for the ledger. No names.")],
    key: Key,
    state: State = None,
) -> None:
    """End a release before its time: its key is destroyed.

    \b
    Example: plainview release end 3f9a1c2b7d --city city.toml --why "handed over" --key cyd.key
    """
    from plainview.app.release import end as job

    typer.echo(job(identifier, why, key, city=city, state=state))
