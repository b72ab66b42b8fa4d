"""Impact assessments and their permits: `plainview assessment`."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

assessment_app = typer.Typer(
    help="Impact assessments: nothing runs without one that two people approved.",
    epilog="\b\nExample: plainview assessment new --city city.toml --pack eu --out square.toml",
    rich_markup_mode=None,
)

State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
File = Annotated[Path, Argument(help="The assessment, TOML or YAML.")]
City = Annotated[
    Path | None, Option("--city", help="CITY.toml, whose cameras it is about.", show_default=False)
]
Key = Annotated[Path, Option("--key", help="Your signing key, from 'plainview officer enrol'.")]


@assessment_app.command()
def new(
    out: Annotated[Path, Option(help="The file to write.")],
    pack: Annotated[
        list[str], Option("--pack", help="Whose rules: hk, uk, eu, fr, nyc. May be repeated.")
    ],
    city: City = None,
    language: Annotated[str, Option(help="Language of the answers, such as en or fr.")] = "en",
    name: Annotated[str, Option("--id", help="Its short name.", show_default=False)] = "",
) -> None:
    """Write a new assessment: every question with its help, your cameras filled in.

    \b
    Example: plainview assessment new --city city.toml --pack eu --out square.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import new as job

    for line in job(city, pack, out, language=language, name=name):
        typer.echo(line)


@assessment_app.command()
def check(
    file: File,
    city: City = None,
    as_json: Annotated[bool, Option("--json", help="A list instead of lines.")] = False,
) -> None:
    """Say what is missing or contradicts itself, each with the clause that asks for it.

    Exits with 0 if there is nothing, with 1 if there is.

    \b
    Example: plainview assessment check square.toml --city city.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import check as job

    lines, good = job(file, city, as_json=as_json)
    for line in lines:
        typer.echo(line)
    if not good:
        raise typer.Exit(1)


@assessment_app.command()
def diff(
    old: Annotated[Path, Argument(help="The earlier revision.")],
    new: Annotated[Path, Argument(help="The later revision.")],
) -> None:
    """Say what changed between two revisions; what goes further is marked 'wider'.

    \b
    Example: plainview assessment diff square-1.toml square-2.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import diff as job

    for line in job(old, new):
        typer.echo(line)


@assessment_app.command()
def schema() -> None:
    """Print the JSON Schema of an assessment.

    \b
    Example: plainview assessment schema
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import schema as job

    typer.echo(job())


@assessment_app.command()
def approve(file: File, key: Key, state: State = None) -> None:
    """Approve an assessment, as controller or as privacy officer. It takes both.

    \b
    Example: plainview assessment approve square.toml --key ada.key
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import approve as job

    typer.echo(job(file, key, state))


@assessment_app.command()
def publish(
    file: File,
    key: Annotated[Path | None, Option("--key", help="Your signing key.", show_default=False)] = (
        None
    ),
    state: State = None,
) -> None:
    """Grant the permit of an assessment that both have approved.

    \b
    Example: plainview assessment publish square.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import publish as job

    typer.echo(job(file, key, state))


@assessment_app.command()
def revoke(
    permit: Annotated[str, Argument(help="ASSESSMENT@REVISION, as 'assessment list' shows it.")],
    key: Key,
    why: Annotated[str, Option("--why", help="The reason, for the ledger. No names.")],
    state: State = None,
) -> None:
    """Take a permit back: what runs under it stops.

    \b
    Example: plainview assessment revoke square@1 --key ada.key --why "the works are over"
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import revoke as job

    typer.echo(job(permit, why, key, state))


@assessment_app.command("list")
def listing(state: State = None) -> None:
    """List the permits that were granted and whether they are in force.

    \b
    Example: plainview assessment list --state /var/lib/plainview
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import listing as job

    for line in job(state):
        typer.echo(line)


@assessment_app.command()
def render(
    file: File,
    out: Annotated[Path, Option(help="The .html or .pdf to write.")],
    language: Annotated[str, Option(help="Language of headings: en, zh-Hant, fr or de.")] = "en",
) -> None:
    """Write an assessment as a page or as a printable document.

    \b
    Example: plainview assessment render square.toml --out square.pdf
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.assessment import render as job

    typer.echo(job(file, out, language))
