"""`plainview assess`: what a scheme that somebody else proposes would do to people."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

assess_app = typer.Typer(
    help="What a scheme that somebody else proposes would do, in numbers.",
    epilog="\b\nExample: plainview assess recognition --example > scenario.toml",
    rich_markup_mode=None,
)


@assess_app.callback()
def _assess() -> None:
    """What a scheme that somebody else proposes would do, in numbers.

    Plainview recognises nobody and can be given no recognition.
    """


@assess_app.command()
def recognition(
    scenario: Annotated[
        str | None,
        Argument(metavar="SCENARIO.toml", help="The scheme in numbers.", show_default=False),
    ] = None,
    as_json: Annotated[bool, Option("--json", help="For programs, unrounded.")] = False,
    html: Annotated[
        Path | None, Option(help="Write it here as one HTML file.", show_default=False)
    ] = None,
    pdf: Annotated[Path | None, Option(help="Write it here as a PDF.", show_default=False)] = None,
    language: Annotated[str, Option("--lang", help="en, zh-Hant, fr or de.")] = "en",
    example: Annotated[
        bool,
        Option("--example", help="Print an example scenario: npl (the first), met or groups."),
    ] = False,
    presets: Annotated[
        bool, Option("--presets", help="List the published figures that a scenario can name.")
    ] = False,
) -> None:
    """Say how often a proposed recognition scheme would be wrong: arithmetic, nothing more.

    A scenario says how many faces are searched, for how many people, and how often the system errs:

    \b
    [scheme]
    cameras = 60_000
    faces_per_camera_per_day = 5_000
    list_size = 10_000               # people on the watch-list
    prevalence = 0.00001             # share of the faces that are of somebody on it
    stops_per_alert = 0.6
    officer_minutes_per_alert = 2
    [operating_point]
    preset = "npl-2023-10000"        # or figures of your own: --example shows how
    [limit]
    wrong_stops_per_year = 1_000

    \b
    Example: plainview assess recognition --example > scenario.toml
    Example: plainview assess recognition scenario.toml --html scheme.html --pdf scheme.pdf
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app import assess as job

    if example:
        job.example(scenario, typer.echo)
    elif presets:
        job.published(language, typer.echo)
    else:
        path = Path(scenario) if scenario is not None else None
        job.recognition(
            path, as_json=as_json, html=html, pdf=pdf, language=language, say=typer.echo
        )
