"""`plainview register`: the public register as a file, and the notices to put up."""

import enum
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts

register_app = typer.Typer(
    help="The public register, from the ledger: for other registers, and as notices.",
    epilog="\b\nExample: plainview register export geojson --city city.toml --out cameras.geojson",
    rich_markup_mode=None,
)

State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
City = Annotated[
    Path | None,
    Option("--city", help="CITY.toml: the city's name, and where cameras are.", show_default=False),
]


class Paper(enum.StrEnum):
    """Sizes of a printed notice."""

    A4 = "A4"
    A3 = "A3"


@register_app.command()
def export(
    form: Annotated[
        str, Argument(metavar="FORMAT", help="json, geojson, openstreetmap, dtpr or atrs.")
    ],
    state: State = None,
    city: City = None,
    url: Annotated[
        str | None, Option(help="Address of the pages to which it leads.", show_default=False)
    ] = None,
    out: Annotated[Path | None, Option(help="Write here instead of standard output.")] = None,
) -> None:
    """Write the register in the form of another register, a map or a standard.

    \b
    Example: plainview register export geojson --city city.toml --out cameras.geojson
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.register import export as job

    data = job(form, state=state, city=city, url=url, out=out)
    if out is None:
        typer.echo(data, nl=False)


@register_app.command()
def notice(  # noqa: PLR0913, PLR0917 - each is an option of its own
    url: Annotated[str, Option(help="Address of the pages to which its QR code leads.")],
    out: Annotated[Path, Option(help="The PDF or SVG to write.")],
    camera: Annotated[str | None, Argument(help="The camera's id.", show_default=False)] = None,
    zone: Annotated[
        str | None,
        Option(help="A site's id: one notice for all its cameras.", show_default=False),
    ] = None,
    languages: Annotated[
        list[str] | None, Option("--lang", help="en, zh-Hant, fr or de; twice for two.")
    ] = None,
    paper: Annotated[Paper, Option(help="Size of the paper.", case_sensitive=False)] = Paper.A4,
    on: Annotated[
        str | None,
        Option(
            metavar="YYYY-MM-DD",
            help="A day to come, where what permits it begins later than today.",
            show_default=False,
        ),
    ] = None,
    city: City = None,
    state: State = None,
) -> None:
    """Make the notice to put up at a camera, or at a place with several.

    \b
    Example: plainview register notice plaza-north --url https://crowd.example --out north.pdf
    Example: plainview register notice --zone plaza --lang zh-Hant --lang en --paper A3
             --url https://crowd.example --out plaza.svg
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.register import notice as job

    said = job(
        camera,
        zone=zone,
        languages=languages or ["en"],
        paper="a3" if paper is Paper.A3 else "a4",
        url=url,
        out=out,
        state=state,
        city=city,
        on=on,
    )
    typer.echo(said)
