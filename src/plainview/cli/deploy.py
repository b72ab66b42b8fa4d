"""`plainview deploy`: files for the engines that a city's Plainview runs on."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

deploy_app = typer.Typer(
    help="Files for the servers that a city runs on: configuration, keys, certificates.",
    epilog="\b\nExample: plainview deploy nats city.toml --out nats "
    "--servers a.example,b.example,c.example",
    rich_markup_mode=None,
)


@deploy_app.callback()
def deploy() -> None:
    """Files for the servers that a city runs on: configuration, keys, certificates."""


@deploy_app.command()
def nats(
    city: Annotated[Path, Argument(metavar="CITY.toml", help="The sites, and their districts.")],
    out: Annotated[Path, Option(help="The folder to write.")] = Path("nats"),
    servers: Annotated[
        str,
        Option(metavar="HOST[,HOST,HOST]", help="The centre: one server, or three of a cluster."),
    ] = "127.0.0.1",
    ca: Annotated[
        Path | None,
        Option(help="Certificate of your own authority (PEM); one is made without."),
    ] = None,
    as_json: Annotated[bool, Option("--json", help="JSON instead of text.")] = False,
) -> None:
    """Write what the NATS servers of a city need: the centre's, and one for each site.

    Keys and certificates that are there already stay as they are.

    \b
    Example: plainview deploy nats city.toml --out nats --servers a.example,b.example,c.example
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.errors import not_installed

    try:
        from plainview.app.deploy import deploy_nats as job
    except ModuleNotFoundError as error:
        raise not_installed(error, use="this bus", where="bus", extra="city") from error
    deployed = job(city, out, servers=servers, ca=ca)
    if as_json:
        import msgspec

        typer.echo(msgspec.json.encode(deployed, enc_hook=str).decode())
        return
    sites = len(deployed.sites)
    of_sites = "1 site" if sites == 1 else f"{sites} sites"
    typer.echo(f"{deployed.folder}: {of_sites}; keys that were there and stay: {deployed.kept}")
    typer.echo(f'Intake: bus = "{deployed.intake}"')
    for folder in deployed.stray:
        typer.echo(f"{folder}: named no more, and left as it was. Delete it once nothing uses it")
    typer.echo(f"What goes where: {deployed.folder / 'README.md'}")
