"""`plainview plan`: what a roll-out needs, where cameras belong, and which no longer do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option
from typer.core import TyperGroup

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default


class _Plans(TyperGroup):
    """Owns nothing: takes a file where a command would stand as the file of a roll-out."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """`plainview plan PHASES.toml` is `plainview plan rollout PHASES.toml`."""
        named = args[0] if args else ""
        if named not in self.commands and (
            named.endswith(".toml") or (named and Path(named).exists())
        ):
            args = ["rollout", *args]
        return super().parse_args(ctx, args)


plan_app = typer.Typer(
    cls=_Plans,
    help="What a city's cameras need phase by phase (plainview plan PHASES.toml), where they "
    "belong by measured crowd risk, and which no longer earn their place.",
    epilog="\b\nExample: plainview plan rollout --example > phases.toml",
    rich_markup_mode=None,
)

Json = Annotated[bool, Option("--json", help="JSON instead of text.")]


@plan_app.command()
def rollout(
    phases: Annotated[
        Path | None, Argument(metavar="PHASES.toml", help="Cameras, streams, links, machines.")
    ] = None,
    example: Annotated[bool, Option("--example", help="Print an example of the file.")] = False,
    as_json: Json = False,
) -> None:
    """Turn phases of a roll-out into cores, memory, disks, links, brokers and a bill of materials.

    Each figure is one that a benchmark of Plainview printed, and says which.

    \b
    Example: plainview plan rollout --example > phases.toml
    Example: plainview plan rollout phases.toml --json
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.rollout import example_phases, plan_rollout, rollout_lines

    if example:
        typer.echo(example_phases(), nl=False)
        return
    plan = plan_rollout(phases)
    _say(plan, rollout_lines(plan), as_json=as_json)


@plan_app.command()
def sites(
    candidates: Annotated[Path, Argument(metavar="CANDIDATES.toml", help="The scheme.")],
    out: Annotated[Path | None, Option(help="Write the plan here, as JSON.")] = None,
    seconds: Annotated[
        float, Option(help="Time for all plans together; each tells its gap.", min=1, max=86_400)
    ] = 55.0,
    show: Annotated[
        int | None,
        Option(help="Tell this plan of the front in full.", show_default="the one at the knee"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Choose where cameras belong, phase by phase: measured risk against exposure and cost.

    Crime data, and what people or neighbourhoods are like, are refused by name.

    \b
    Example: plainview plan sites candidates.toml --out plan.json
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.siting import plan_lines, plan_sites

    plan = plan_sites(candidates, seconds=seconds, show=show, out=out)
    _say(plan, plan_lines(plan), as_json=as_json)


@plan_app.command()
def review(
    candidates: Annotated[
        Path | None, Argument(metavar="CANDIDATES.toml", help="What there is to cover.")
    ] = None,
    city: Annotated[
        Path | None,
        Option(help="CITY.toml: review its cameras by what they measured.", show_default=False),
    ] = None,
    state: Annotated[Path | None, Option(help="State folder.", show_default=False)] = None,
    days: Annotated[float, Option(help="Healthy days needed to judge a camera.", min=0)] = 90.0,
    as_json: Json = False,
) -> None:
    """List running cameras that no longer earn their place, for people to decide about.

    \b
    Example: plainview plan review candidates.toml
    Example: plainview plan review candidates.toml --city city.toml --state state
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.siting import review_lines, review_sites

    found = review_sites(candidates, state=state, city=city, least=days)
    _say(found, review_lines(found), as_json=as_json)


@plan_app.command()
def needs(
    city: Annotated[Path, Argument(metavar="CITY.toml", help="Whose sites.")],
    state: Annotated[Path | None, Option(help="State folder.", show_default=False)] = None,
    level: Annotated[
        str, Option(help="Level of service, B to F, from which on a place is too dense.")
    ] = "E",
    out: Annotated[Path | None, Option(help="Write here instead of standard output.")] = None,
) -> None:
    """Write what was measured as needs of a scheme: dense hours and alarms of pressure, as CSV.

    \b
    Example: plainview plan needs city.toml --state state --out needs.csv
    """  # noqa: D301 - \b keeps the lines apart in --help
    from plainview.app.needs import measured_needs

    text = measured_needs(city, state=state, level=level, out=out)
    if out is None:
        typer.echo(text, nl=False)
    else:
        rows = len(text.splitlines()) - 1
        typer.echo(f"{out}: {rows or 'no'} {'need was' if rows == 1 else 'needs were'} measured")


def _say(found: object, lines: Iterator[str], *, as_json: bool) -> None:
    if as_json:
        import msgspec

        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    for line in lines:
        typer.echo(line)
