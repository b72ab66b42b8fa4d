"""`plainview evaluate`: how far everything can be believed."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default
# ruff: noqa: PLR0913, PLR0917 - each option is an argument, which Typer calls by name

evaluate_app = typer.Typer(
    help="Measurements against known truth.",
    epilog="\b\nExample: plainview evaluate count --video v.mp4 --camera camera.toml "
    "--truth truth.csv",
    rich_markup_mode=None,
)

Data = Annotated[Path, Option(help="Folder of recordings with truth.")]
Scenes = Annotated[list[str] | None, Option(help="Rendered scenes; several times for several.")]
Write = Annotated[Path | None, Option(help="Page that gets the tables.")]
Keep = Annotated[Path | None, Option(help="Folder in which rendered clips stay.")]
Plots = Annotated[Path | None, Option(help="Folder that gets the plots.")]
AsJson = Annotated[bool, Option("--json", help="Numbers instead of tables.")]
DATA = Path("../shared/data")


@evaluate_app.command()
def count(
    video: Annotated[Path, Option(help="A video file.")],
    camera: Annotated[Path, Option("--camera", help="The camera's CAMERA.toml.")],
    truth: Annotated[Path, Option(help="CSV: frame,x_m,y_m,vx_mps,vy_mps.")],
    frame_rate: Annotated[
        float | None,
        Option(
            help="Frames per second, where neither CAMERA.toml nor a scene.json beside the truth "
            "tells them.",
            min=0.01,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure one video and score counts, velocities, crossings and density against its truth.

    What 'plainview simulate' wrote can be given as it is.

    \b
    Example: plainview evaluate count --video v.mp4 --camera camera.toml --truth truth.csv
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.evaluate import count as job

    job(video, camera, truth, frame_rate=frame_rate, as_json=as_json)


@evaluate_app.command("all")
def evaluate_all(
    data: Data = DATA,
    scenes: Scenes = None,
    write: Write = None,
    keep: Keep = None,
    plots: Plots = None,
    as_json: AsJson = False,
) -> None:
    """Measure and score every recording with truth and the rendered scenes, beside the budgets.

    \b
    Example: plainview evaluate all --scenes plaza-sunny --scenes night-lamps
    Example: plainview evaluate all --plots plots
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.evaluate import all_scenes as job

    job(data=data, scenes=scenes or [], write=write, keep=keep, plots=plots, as_json=as_json)


@evaluate_app.command()
def crowd(
    data: Data = DATA,
    scenes: Scenes = None,
    write: Write = None,
    keep: Keep = None,
    plots: Plots = None,
    science: Annotated[Path | None, Option(help="Page that gets the fundamental diagram.")] = None,
    figure: Annotated[Path | None, Option(help="PNG of the fundamental diagram.")] = None,
    model: Annotated[Path | None, Option(help="JSON that gets the measured error model.")] = None,
    as_json: AsJson = False,
) -> None:
    """Dense scenes that nothing was trained on: errors, intervals, and PedPy beside our fields.

    \b
    Example: plainview evaluate crowd --plots plots --figure fundamental.png
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.evaluate import Outputs
    from plainview.app.evaluate import crowd as job

    outputs = Outputs(write, plots, science, figure, model)
    job(data=data, scenes=scenes or [], keep=keep, outputs=outputs, as_json=as_json)


@evaluate_app.command()
def alarms(
    hours: Annotated[
        float, Option(help="Camera-hours of busy normal traffic.", min=0.1, max=10_000)
    ] = 100.0,
    run_ups: Annotated[int, Option(help="Different run-ups.", min=1, max=1000)] = 20,
    cameras: Annotated[int, Option(help="Cameras that see each run-up.", min=1, max=100)] = 3,
    limits: Annotated[
        bool, Option("--limits", help="Only errors of a density that just keeps to its limits.")
    ] = False,
    write: Write = None,
    plots: Plots = None,
    as_json: AsJson = False,
) -> None:
    """Simulated run-ups to a crush and ordinary busy days: what is told in time, what is false.

    \b
    Example: plainview evaluate alarms --hours 20 --plots plots
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.alarms import Size
    from plainview.app.alarms import alarms as job

    size = Size(hours, run_ups, cameras)
    job(size=size, limits=limits, write=write, plots=plots, as_json=as_json)


@evaluate_app.command()
def events(
    kind: Annotated[list[str] | None, Option(help="Kinds of events; all where none.")] = None,
    part: Annotated[str, Option(help="tune or held-out scenes.")] = "tune",
    scenes: Annotated[int, Option(help="Scenes of each kind.", min=0, max=500)] = 60,
    hours: Annotated[
        float, Option(help="Camera-hours of ordinary life, for false alarms.", min=0, max=10_000)
    ] = 0.0,
    data: Annotated[Path | None, Option(help="Folder of real clips, measured too.")] = None,
    camera: Annotated[
        Path | None, Option(help="A site's own camera, its CAMERA.toml, instead of scenes.")
    ] = None,
    video: Annotated[list[Path] | None, Option(help="With --camera: recorded hours.")] = None,
    truth: Annotated[list[Path] | None, Option(help="One for each video: its EVENTS.json.")] = None,
    card: Annotated[Path | None, Option(help="JSON that gets the camera's scorecard.")] = None,
    write: Write = None,
    keep: Keep = None,
    as_json: AsJson = False,
) -> None:
    """Rendered scenes of events and of what is taken for them: recall, precision, false alarms.

    \b
    With --camera: a site calibration report over the site's own recordings.
    Example: plainview evaluate events --kind fire --scenes 12
    Example: plainview evaluate events --part held-out --hours 24
    Example: plainview evaluate events --camera c.toml --video h.mp4 --truth h.json --card card.json
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.events import Size, site, suite
    from plainview.clock import SystemClock
    from plainview.synth.events.suite import KINDS

    if camera is not None:
        site(camera=camera, videos=video or [], truths=truth or [], card=card, clock=SystemClock())
        return
    size = Size(tuple(kind) if kind else KINDS, part, scenes, hours, data)
    suite(size=size, keep=keep, write=write, as_json=as_json)
