"""`plainview camera view`: the empty scenes that redacted views are drawn over."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

view_app = typer.Typer(
    help="The empty scenes that redacted views are drawn over: look at, admit, withdraw.",
    epilog="\b\nExample: plainview camera view list --state /var/lib/plainview",
    rich_markup_mode=None,
)

State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
CameraId = Annotated[str, Argument(help="The camera's id.")]
Key = Annotated[Path, Option(help="Your signing key, as a supervisor or privacy officer.")]


@view_app.command("list")
def list_plates(
    state: State = None,
    as_json: Annotated[bool, Option("--json", help="As JSON, for another program.")] = False,
) -> None:
    """List what cameras learned for their view, over how long, and what was admitted.

    \b
    Example: plainview camera view list --state /var/lib/plainview
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.view_plates import listing

    for line in listing(state, as_json=as_json):
        typer.echo(line)


@view_app.command()
def show(
    camera: CameraId,
    out: Annotated[Path | None, Option(help="The PNG to write.", show_default="CAMERA.png")] = None,
    state: State = None,
) -> None:
    """Write the empty scene that a camera learned as a PNG. Look for people in it, lying ones too.

    \b
    Example: plainview camera view show plaza-north --out scene.png
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.view_plates import show as job

    for line in job(camera, out or Path(f"{camera}.png"), state):
        typer.echo(line)


@view_app.command()
def admit(
    camera: CameraId,
    digest: Annotated[str, Option(help="Of the plate that you looked at; 'show' tells it.")],
    key: Key,
    mask: Annotated[
        list[str] | None,
        Option(help="Corners X,Y in parts of the picture: '0.1,0.1 0.3,0.1 0.3,0.4'. Repeatable."),
    ] = None,
    nobody: Annotated[
        bool, Option("--nobody", help="I looked at all of it, and nobody is in it.")
    ] = False,
    state: State = None,
) -> None:
    """Admit a learned scene to a camera's view, with masks over posters, windows and screens.

    \b
    Example: plainview camera view admit plaza-north --digest 4f1c... --key kim.key --nobody \\
        --mask '0.1,0.1 0.3,0.1 0.3,0.4 0.1,0.4'
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.view_plates import admit as job

    typer.echo(job(camera, digest, mask or [], key=key, nobody=nobody, state=state))


@view_app.command()
def withdraw(
    camera: CameraId,
    why: Annotated[str, Option(help="The public reads this. Name nobody.")],
    key: Key,
    state: State = None,
) -> None:
    """Show no view of a camera until a scene is admitted anew.

    \b
    Example: plainview camera view withdraw plaza-north --why "A new poster" --key kim.key
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.view_plates import withdraw as job

    typer.echo(job(camera, why, key=key, state=state))


@view_app.command()
def forget(camera: CameraId, state: State = None) -> None:
    """Forget what a camera learned for its view, so that a shorter look counts again.

    \b
    Example: plainview camera view forget plaza-north
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.view_plates import forget as job

    typer.echo(job(camera, state))
