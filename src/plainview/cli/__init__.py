"""The command line: one command per job, no logic. Each command loads only what it needs.

Exit codes: 0 done, 1 failed, 2 wrong input, 130 and 143 when interrupted. No traceback reaches a
person: `main` is the one place where what went wrong becomes one line on standard error.
"""

import codecs
import copy
import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Annotated

import typer
from typer import Option
from typer.core import TyperGroup
from typer.main import get_command_name
from typer.models import CommandInfo

from plainview import __version__
from plainview.cli import office
from plainview.cli.access import login
from plainview.cli.alerts import alerts_app
from plainview.cli.assess import assess_app
from plainview.cli.assessment import assessment_app
from plainview.cli.camera import camera_app
from plainview.cli.deploy import deploy_app
from plainview.cli.evaluate import evaluate_app
from plainview.cli.exposure import exposure
from plainview.cli.ledger import ledger_app
from plainview.cli.plan import plan_app
from plainview.cli.publish import publish
from plainview.cli.refusal import from_system, refusal_of, say
from plainview.cli.register import register_app
from plainview.cli.release import release_app
from plainview.cli.run import run
from plainview.cli.simulate import simulate
from plainview.cli.store import store_app
from plainview.cli.vault import vault_app
from plainview.cli.video import calibrate, measure
from plainview.errors import PlainviewError, ToldError

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default

_ORDER = (
    *("run", "measure", "calibrate", "camera", "assessment", "officer", "login", "stop", "resume"),
    *("alerts", "vault", "release", "publish", "register", "ledger", "exposure", "plan", "assess"),
    *("evaluate", "simulate", "deploy", "store"),
)


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
app.command(short_help="Print a link that signs you in on the pages, once.")(login)
app.command(short_help="How many cameras see a walk or a district, how long.")(exposure)
app.add_typer(camera_app, name="camera")
app.add_typer(evaluate_app, name="evaluate")
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

app.command(short_help="The cameras of a city, or a demonstration, on a page.")(run)
app.command(short_help="One video: people, density, flow, crossings.")(measure)
app.command(short_help="How a camera sees: mark points or people on a picture.")(calibrate)
app.command(short_help="A scene with known truth, or a whole city's Readings.")(simulate)


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


def _terminated(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _silence_standard_output() -> None:
    """Nobody reads it any more: let the interpreter's last flush go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _as_given(error: UnicodeError) -> tuple[str | bytes, int]:
    """What the encoding of standard output lacks: a name's own bytes, or the sign spelt out."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


def _open_standard_streams() -> None:
    """What was closed leads nowhere: the first file that is opened would be taken for it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - stays


def _let_standard_output_write_all() -> None:
    """A file's name may be no text, and a terminal may lack a sign: neither ends a command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error("plainview", _as_given)
        sys.stdout.reconfigure(errors="plainview")


def execute(arguments: Sequence[str]) -> int:
    """Run one command; the exit code. What went wrong is one line on standard error."""
    try:
        # Not app(): it would put a hook of its own in place of report_defects'.
        command = typer.main.get_command(_only(arguments))
        result = command.main(args=list(arguments), prog_name="plainview", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (typer.TyperException, PlainviewError, UnicodeEncodeError) as error:
        refused = refusal_of(app, error, arguments)
        if isinstance(refused, ToldError):
            return refused.exit_code
        if refused.exit_code:
            say(refused.line())
        else:
            _silence_standard_output()
        return refused.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return 128 + signal.SIGINT
    except (BrokenPipeError, SystemExit) as end:
        # Typer makes an end with 1 of a broken pipe, where a write met it before the last flush.
        if not isinstance(end if isinstance(end, OSError) else end.__context__, BrokenPipeError):
            raise
        _silence_standard_output()
        return 0
    except OSError as error:
        _silence_standard_output()
        say(from_system(error))
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
    _open_standard_streams()
    _let_standard_output_write_all()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, _terminated)
    sys.exit(execute(sys.argv[1:]))
