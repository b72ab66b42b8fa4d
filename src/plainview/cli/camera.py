"""`plainview camera`: check a camera's file; look at and approve its plate."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from plainview.cli.view import view_app

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts

camera_app = typer.Typer(
    help="Check a camera's file; look at and approve its plate.",
    epilog="\b\nExample: plainview camera check plaza.toml --video plaza.mp4",
    rich_markup_mode=None,
)
plate_app = typer.Typer(
    help="The plates (pictures of the empty scene) that a running Plainview learned.",
    epilog="\b\nExample: plainview camera plate list --state /var/lib/plainview",
    rich_markup_mode=None,
)
camera_app.add_typer(plate_app, name="plate")
camera_app.add_typer(view_app, name="view")

State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
CameraId = Annotated[str, Argument(help="The camera's id.")]


@camera_app.command()
def check(
    camera: Annotated[Path, Argument(help="The camera's CAMERA.toml.")],
    video: Annotated[Path | None, Option(help="A video of it, to check its picture size.")] = None,
) -> None:
    """Say what a camera sees: its ground, its scale, how tall people appear, and what is amiss.

    \b
    Example: plainview camera check plaza.toml --video plaza.mp4
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.camera import check as job

    for line in job(camera, video=video):
        typer.echo(line)


@plate_app.command("list")
def plate_list(state: State = None) -> None:
    """List the cameras' plates: learned or approved, and since when.

    \b
    Example: plainview camera plate list --state /var/lib/plainview
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.plates import Plates
    from plainview.app.state import existing

    entries = Plates(existing(state)).entries()
    if not entries:
        typer.echo("no camera has learned a plate yet")
    for entry in entries:
        newer = ", has learned another one since" if entry.newer else ""
        typer.echo(f"{entry.camera}: {entry.state} {entry.saved:%Y-%m-%d %H:%M} UTC{newer}")


@plate_app.command("show")
def plate_show(
    camera: CameraId,
    out: Annotated[Path | None, Option(help="The PNG to write.", show_default="CAMERA.png")] = None,
    state: State = None,
) -> None:
    """Write a camera's plate as a PNG, for the person who is to approve it.

    Look for people in it: a plate that holds somebody must not be approved.

    \b
    Example: plainview camera plate show plaza-north --out plate.png
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.plates import Plates
    from plainview.app.state import existing

    target = out or Path(f"{camera}.png")
    shown = Plates(existing(state)).draw(camera, target)
    typer.echo(f"{target}: the {shown} plate of {camera}")


@plate_app.command("approve")
def plate_approve(camera: CameraId, state: State = None) -> None:
    """Approve the plate that a camera learned: its lens starts from it from now on.

    \b
    Example: plainview camera plate approve plaza-north
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.plates import Plates
    from plainview.app.state import existing

    Plates(existing(state)).approve(camera)
    typer.echo(f"{camera}: approved; it counts from the camera's next start")


@plate_app.command("forget")
def plate_forget(camera: CameraId, state: State = None) -> None:
    """Forget a camera's plate: it learns a new one from its next start.

    \b
    Example: plainview camera plate forget plaza-north
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.plates import Plates
    from plainview.app.state import existing

    Plates(existing(state)).forget(camera)
    typer.echo(f"{camera}: forgotten")
