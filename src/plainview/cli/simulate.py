"""`plainview simulate`: a scene with known truth, or a whole city's Readings."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default


def simulate(
    scene: Annotated[
        str | None, Argument(help="A scene's name; 'list' lists them.", show_default=False)
    ] = None,
    out: Annotated[Path, Option(help="Folder for the clips and their truth.")] = Path("out"),
    seconds: Annotated[
        float | None, Option(help="Length; the scene's own, or 60 for a city, without.")
    ] = None,
    seed: Annotated[int | None, Option(help="Chance; the scene's own without.", min=0)] = None,
    cameras: Annotated[
        int | None, Option(help="Instead of a scene: the Readings of so many cameras.", min=1)
    ] = None,
    bus: Annotated[
        str | None, Option(help="memory:, nats://... or nats:temporary.", show_default="memory:")
    ] = None,
    store: Annotated[
        str | None,
        Option(
            help="sqlite:PATH, postgresql://... or postgresql:temporary.",
            show_default="SQLite, deleted afterwards",
        ),
    ] = None,
    chaos: Annotated[
        bool, Option("--chaos", help="Kill, cut, fill and forge meanwhile, on temporary servers.")
    ] = False,
) -> None:
    """Render a scene with known truth, or send a whole city's Readings to the store and count them.

    A scene is simulated or recorded walks, really encoded to H.264. A city is the Readings of
    --cameras cameras, through the real bus, intake and store: one JSON object tells what was
    lost, how fast it was and what it cost; exit code 1 where anything was lost.

    \b
    Example: plainview simulate plaza-sunny --out out --seconds 60
    Example: plainview simulate --cameras 60000 --bus nats:temporary --store postgresql:temporary
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.simulate import check_choice, simulate_city
    from plainview.app.simulate import simulate as job

    check_choice(scene, cameras)
    if cameras is not None:
        simulate_city(cameras, seconds=seconds, seed=seed, bus=bus, store=store, chaos=chaos)
    elif scene is not None:
        for line in job(scene, out, seconds=seconds, seed=seed):
            typer.echo(line)
