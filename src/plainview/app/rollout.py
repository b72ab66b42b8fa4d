"""What a roll-out needs: from PHASES.toml to lines for a person."""

from collections.abc import Iterator
from pathlib import Path

from plainview.civic.rollout.figures import load_figures
from plainview.civic.rollout.phases import example, load_phases
from plainview.civic.rollout.sizing import Needs, Rollout, plan
from plainview.errors import InputError
from plainview.evaluate.table import table


def example_phases() -> str:
    """The text of an example of PHASES.toml."""
    return example()


def plan_rollout(file: Path | None) -> Rollout:
    """The plan for the phases in `file`. Raises InputError or ConfigError, one line each."""
    if file is None:
        raise InputError(
            "nothing says what is to be rolled out",
            where="plan rollout",
            mend="Give PHASES.toml; --example prints one",
        )
    return plan(load_phases(file), load_figures())


def rollout_lines(found: Rollout) -> Iterator[str]:
    """`found` for a person, line by line."""
    yield f"{found.name}: what each phase needs at its end"
    yield ""
    heads = ("", *(f"{one.cameras:,} cameras" for one in found.needs))
    yield table(heads, [(what, *values) for what, values in _rows(found)], words=1)
    for one in found.needs:
        yield ""
        yield from _bill(one, found.currency)
    yield ""
    yield "A second of video costs, in CPU ms, as it is planned with:"
    for name, value in found.streams.items():
        yield f"  {name}: {value:,.1f} ({found.sources[name]})"
    yield "Assumed, not measured:"
    for name, value in found.assumed.items():
        yield f"  {name}: {value:g}"
    yield "Measured, by scripts of this repository:"
    for figure in found.figures:
        yield (
            f"  {figure.id}: {figure.value:g} {figure.unit}: {figure.what} "
            f"({figure.script}, {figure.date.isoformat()}, {figure.machine})"
        )
    for name, machine in found.machines.items():
        yield f"  {name}: {machine}"


def _rows(found: Rollout) -> list[tuple[str, list[str]]]:
    needs = found.needs
    sites = [one.site for one in needs]
    centres = [one.centre for one in needs]
    return [
        ("sites with lenses", [f"{one.sites:,}" for one in needs]),
        ("of a site: cameras, at most", [f"{one.cameras:,}" for one in sites]),
        ("cores at work", [f"{one.cores:,.1f}" for one in sites]),
        ("memory, GB", [f"{one.memory_gb:,.1f}" for one in sites]),
        ("machines, spare with them", [f"{one.machines:,}" for one in sites]),
        ("decided by", [one.bound_by for one in sites]),
        ("recordings, TB", [f"{one.recordings_tb:,.2f}" for one in sites]),
        ("disks, spare with them", [f"{one.disks:,}" for one in sites]),
        ("held through a cut, GB", [f"{one.held_gb:,.2f}" for one in sites]),
        ("from its cameras, Mbit/s", [f"{one.from_cameras_mbit:,.0f}" for one in sites]),
        ("to the centre, Mbit/s", [f"{one.to_centre_mbit:,.2f}" for one in sites]),
        ("the most that it may be", [f"{one.to_centre_most_mbit:,.1f}" for one in sites]),
        ("machines with lenses, all", [f"{one.site_machines:,}" for one in needs]),
        ("centre: Readings/s", [f"{one.readings_per_second:,.0f}" for one in centres]),
        ("into it, Mbit/s", [f"{one.in_mbit:,.1f}" for one in centres]),
        ("between its machines, Mbit/s", [f"{one.between_mbit:,.1f}" for one in centres]),
        ("brokers (R3)", [f"{one.brokers:,}" for one in centres]),
        ("cores of each at work", [f"{one.broker_cores:,.2f}" for one in centres]),
        ("disk of each, TB", [f"{one.broker_disk_tb:,.3f}" for one in centres]),
        ("databases", [f"{one.databases:,}" for one in centres]),
        ("cores of the one written", [f"{one.database_cores:,.2f}" for one in centres]),
        ("disk of each, TB ", [f"{one.database_disk_tb:,.3f}" for one in centres]),
        ("intake and console machines", [f"{one.intake:,}" for one in centres]),
        ("their cores at work", [f"{one.intake_cores:,.2f}" for one in centres]),
        ("centres, one intake each", [f"{one.centres:,}" for one in centres]),
    ]


def _bill(one: Needs, currency: str) -> Iterator[str]:
    yield f"Bill of materials, {one.cameras:,} cameras:"
    for item in one.bill:
        price = "" if item.price is None else f"  {item.price:,.0f} {currency}".rstrip()
        yield f"  {item.count:8,d}  {item.what} ({item.each}){price}"
    if one.total is not None:
        yield f"  {'':8}  the machines together: {one.total:,.0f} {currency}".rstrip()
    for line in one.short:
        yield f"  NOT ENOUGH: {line}"
