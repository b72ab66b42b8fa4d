"""The command line: one command per job, no logic. Each command loads only what it needs.

Exit codes: 0 done, 1 failed, 2 wrong input, 130 and 143 when interrupted. No traceback reaches a
person: `main` is the one place where what went wrong becomes one line on standard error.
"""

import copy
import gc
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from typer import Argument, Option
from typer.core import TyperGroup
from typer.main import get_command_name
from typer.models import CommandInfo

from plainview import __version__
from plainview.cli import office
from plainview.cli.access import login
from plainview.cli.alerts import alerts_app
from plainview.cli.assess import assess_app
from plainview.cli.assessment import assessment_app
from plainview.cli.deploy import deploy_app
from plainview.cli.evaluate import evaluate_app
from plainview.cli.exposure import exposure
from plainview.cli.ledger import ledger_app
from plainview.cli.plan import plan_app
from plainview.cli.publish import publish
from plainview.cli.register import register_app
from plainview.cli.release import release_app
from plainview.cli.store import store_app
from plainview.cli.vault import vault_app
from plainview.cli.view import view_app
from plainview.errors import BoundaryError, PlainviewError

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

_ORDER = (
    *("run", "measure", "calibrate", "camera", "assessment", "officer", "login", "stop", "resume"),
    *("alerts", "vault", "release", "publish", "register", "ledger", "exposure", "plan", "assess"),
    *("evaluate", "simulate", "deploy", "store"),
)


_PLAIN = (
    (r": Value error, ", ": "),
    (r"Input should be a valid integer, unable to parse.*", "it is not a whole number"),
    (r"Input should be a valid number, unable to parse.*", "it is not a number"),
    (r"Input should be a finite number", "it is not a finite number"),
    (r"Input should be greater than or equal to ", "it must be at least "),
    (r"Input should be less than or equal to ", "it must be at most "),
)
"""What Typer's checks say of a value, and the same plainly."""


class _AsTheyAreMet(TyperGroup):
    """The commands in the order in which somebody comes to need them."""

    def list_commands(self, _: object) -> list[str]:
        """Their names."""
        return sorted(self.commands, key=_ORDER.index)


app = typer.Typer(
    name="plainview",
    cls=_AsTheyAreMet,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
camera_app = typer.Typer(
    help="Check a camera's file; look at and approve its plate.", rich_markup_mode=None
)
plate_app = typer.Typer(
    help="The plates (pictures of the empty scene) that a running Plainview learned.",
    rich_markup_mode=None,
)
app.command(short_help="Print a link that signs you in on the pages, once.")(login)
app.command(short_help="How many cameras see a walk or a district, how long.")(exposure)
app.add_typer(camera_app, name="camera")
app.add_typer(evaluate_app, name="evaluate")
camera_app.add_typer(plate_app, name="plate")
camera_app.add_typer(view_app, name="view")
app.add_typer(
    alerts_app, name="alerts", short_help="Where alerts are delivered to: list the routes, try one."
)
app.add_typer(
    office.officer_app,
    name="officer",
    short_help="The people who sign decisions, each with their own key.",
)
app.add_typer(
    assess_app,
    name="assess",
    short_help="What somebody else's proposed scheme would do, in numbers.",
)
app.add_typer(
    assessment_app, name="assessment", short_help="Impact assessments: nothing runs without one."
)
app.add_typer(
    deploy_app, name="deploy", short_help="Configuration for the servers that a city runs on."
)
app.add_typer(
    ledger_app,
    name="ledger",
    short_help="The transparency log: verify it, prove an entry, witness it.",
)
app.add_typer(plan_app, name="plan", short_help="What a city's cameras need; where cameras belong.")
app.add_typer(
    register_app,
    name="register",
    short_help="The public register: exports, and signs for the street.",
)
app.add_typer(
    release_app, name="release", short_help="Open sealed footage: asked by one, approved by two."
)
app.add_typer(store_app, name="store")
app.add_typer(
    vault_app, name="vault", short_help="Sealed recordings: check them, destroy what is due, hold."
)
app.command(short_help="A day's figures for everyone, with noise added.")(publish)
app.command()(office.stop)
app.command()(office.resume)

State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
CameraId = Annotated[str, Argument(help="The camera's id.")]
CameraFile = Annotated[Path, Option("--camera", help="The camera's CAMERA.toml.")]


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's callback gives it by position
    if wanted:
        typer.echo(f"plainview {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Crowd-safety measurements from public cameras, without ever knowing who anyone is.

    \b
    plainview run                                   a demonstration, on a page
    plainview measure VIDEO --camera CAMERA.toml    one video, as JSON Lines
    """  # noqa: D301 - \b keeps the lines apart in --help
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(short_help="The cameras of a city, or a demonstration, on a page.")
def run(
    city: Annotated[Path | None, Argument(help="CITY.toml; a demonstration without.")] = None,
    seconds: Annotated[
        float | None, Option("--for", help="Stop by itself after that many seconds.", min=0.1)
    ] = None,
    port: Annotated[int | None, Option(help="Port of the console.", min=0, max=65535)] = None,
    host: Annotated[str | None, Option(help="Address to listen on.")] = None,
    state: State = None,
    no_open: Annotated[bool, Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Run the cameras of a city, or a demonstration, and show them on a page.

    \b
    Example: plainview run
    Example: plainview run city.toml --port 9000 --state /var/lib/plainview
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.run import run as job

    job(city, seconds=seconds, port=port, host=host, state=state, open_page=not no_open)


@app.command(short_help="One video: people, density, flow, crossings.")
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


@app.command(short_help="How a camera sees: mark points or people on a picture.")
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


@app.command(short_help="A scene with known truth, or a whole city's Readings.")
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


def _refuse_usage(error: typer.TyperException, arguments: Sequence[str]) -> PlainviewError:
    """What the command line was given, in one line; a wish beyond the boundary by its name."""
    from plainview.document import beyond
    from plainview.errors import InputError

    for word in arguments:
        if word.startswith("--") and repr(word.partition("=")[0])[1:-1] in str(error):
            asked = beyond(word.partition("=")[0])
        else:
            asked = f"No such command '{word}'" in str(error) and beyond(word)
        if asked:
            return BoundaryError(
                f"{word!r} is beyond the boundary (DESIGN.md section 1): Plainview has no such "
                "capability and none can be granted",
                where="command line",
                mend="Leave it out",
            )
    what, _, guess = _plainly(error.format_message().strip()).partition(". Did")
    guess = f"Did{guess} " if guess else ""
    return InputError(
        what.rstrip("."), where="command line", mend=f"{guess}See '{_named(arguments)} --help'"
    )


def _plainly(text: str) -> str:
    """`text` of an option's check in words for a person, who knows nothing of parsers."""
    for pattern, words in _PLAIN:
        text = re.sub(pattern, words, text)
    return text


def _named(arguments: Sequence[str]) -> str:
    """The command that `arguments` begin with, as far as there is one: `plainview vault check`."""
    command: object = typer.main.get_command(app)
    words = ["plainview"]
    for word in arguments:
        command = getattr(command, "commands", {}).get(word)
        if command is None:
            break
        words.append(word)
    return " ".join(words)


def _only(arguments: Sequence[str]) -> typer.Typer:
    """`app` with no more than what `arguments` name first; all of it where they name nothing of it.

    To make every command takes longer than to measure a short clip.
    """
    wanted = arguments[:1]
    commands = [one for one in app.registered_commands if [_name(one)] == wanted]
    groups = [one for one in app.registered_groups if [one.name] == wanted]
    if not commands and not groups:
        return app
    only = copy.copy(app)
    only.registered_commands, only.registered_groups = commands, groups
    return only


def _name(command: CommandInfo) -> str | None:
    """What is typed for `command`."""
    called = command.callback
    return command.name or (get_command_name(called.__name__) if called else None)


def _say(line: str) -> None:
    if ":/" in line:
        from plainview.logs import redact

        line = redact(line)
    # What a file's name or key holds must not steer the terminal.
    line = "".join(sign if sign.isprintable() else "?" for sign in line)
    if sys.stderr is not None:
        print(f"plainview: {line}", file=sys.stderr)  # noqa: T201 - the one line of an error


def _from_system(error: OSError) -> str:
    """One line for an error of the operating system that no part explained."""
    import errno

    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return "the disk is full. Free some space and run it again"
    name = f"{error.filename}: " if error.filename else ""
    return " ".join(f"{name}{error.strerror or error}".split())


def _terminated(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _silence_standard_output() -> None:
    """Nobody reads it any more: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def execute(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. What went wrong is one line on standard error."""
    try:
        # Not app(): it would put a hook of its own in place of report_defects'.
        command = typer.main.get_command(_only(arguments))
        result = command.main(args=list(arguments), prog_name="plainview", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except typer.TyperException as error:
        refused = _refuse_usage(error, arguments)
        _say(refused.line())
        return refused.exit_code
    except PlainviewError as error:
        if error.exit_code:
            _say(error.line())
        else:
            _silence_standard_output()
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 128 + signal.SIGINT
    except BrokenPipeError:
        _silence_standard_output()
        return 0
    except OSError as error:
        _silence_standard_output()
        _say(_from_system(error))
        return 1
    return result if isinstance(result, int) else 0


def main() -> None:
    """Entry point of the `plainview` command."""
    from plainview.defect import report_defects

    # What a command imports makes many objects and no garbage.
    gc.set_threshold(10_000, *gc.get_threshold()[1:])
    # NumPy's linear algebra would start a thread for each core, and nothing here needs them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    report_defects()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _terminated)
    sys.exit(execute(sys.argv[1:]))
