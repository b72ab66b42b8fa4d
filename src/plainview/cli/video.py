"""`plainview measure` and `calibrate`: one video, and how its camera sees the ground."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

CameraFile = Annotated[Path, Option("--camera", help="The camera's CAMERA.toml.")]


def measure(
    video: Annotated[Path, Argument(help="A video file.")],
    camera: CameraFile,
    every: Annotated[
        float | None, Option(help="Seconds of one interval.", min=0.1, max=3600)
    ] = None,
    out: Annotated[
        Path | None, Option(help="Write here instead of standard output; Parquet by suffix.")
    ] = None,
    rate: Annotated[
        float | None, Option(help="Frames analysed per second, at most.", min=0.1, max=60)
    ] = None,
    plate: Annotated[Path | None, Option(help="Start from this saved plate.")] = None,
    save_plate: Annotated[Path | None, Option(help="Save the plate here at the end.")] = None,
) -> None:
    """Measure one video: people, density, flow and crossings, one line per interval.

    \b
    Example: plainview measure plaza.mp4 --camera plaza.toml --every 5 --out plaza.jsonl
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.measure import measure as job

    job(video, camera, every=every, out=out, rate=rate, plate=plate, save_plate=save_plate)


def calibrate(
    video: Annotated[Path | None, Argument(help="A video of the camera.")] = None,
    out: Annotated[Path, Option(help="The file to write.")] = Path("CAMERA.toml"),
    points: Annotated[
        Path | None, Option(help="Marks from this TOML or CSV file instead of a page.")
    ] = None,
    at: Annotated[float, Option(help="Seconds into the video of the picture to mark.")] = 0.0,
    port: Annotated[int, Option(help="Port of the page.", min=0, max=65535)] = 0,
    camera_id: Annotated[str | None, Option("--id", help="The camera's id, with --points.")] = None,
    overwrite: Annotated[bool, Option("--overwrite", help="Replace the file.")] = False,
    no_open: Annotated[bool, Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Find out how a camera sees: mark ground points or standing people on a picture of it.

    \b
    Example: plainview calibrate plaza.mp4 --out plaza.toml
    Example: plainview calibrate --points marks.toml --out plaza.toml
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.calibrate import calibrate as job

    job(
        video,
        out=out,
        points=points,
        at=at,
        port=port,
        camera_id=camera_id,
        overwrite=overwrite,
        open_page=not no_open,
        say=typer.echo,
    )
