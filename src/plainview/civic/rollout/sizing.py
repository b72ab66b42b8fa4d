"""From phases and figures to machines, disks and links: the arithmetic, each step by its figure."""

import math
from typing import Final

from msgspec import Struct

from plainview.civic.rollout.figures import Figure, Figures
from plainview.civic.rollout.phases import Machine, Phase, Phases, Stream
from plainview.record import MAX_BYTES_PER_SECOND

BROKERS: Final = 3
"""Copies of what is on the bus (R3): one broker may be lost."""
COPIES: Final = 2
"""Of the database: one that is written, one that stands by."""
DATABASE_ROOM: Final = 1.5
"""Disk of the database beyond its rows: its log, and rows that wait to be cleared. A judgement."""
DISK_FULL: Final = 0.85
"""Share of a disk that is planned full."""
LINK_FULL: Final = 0.7
"""Share of a link that is planned full."""
_SMALL: Final = 640 * 360 * 25.0
_LARGE: Final = 1920 * 1080 * 25.0
"""Pixels a second of the two streams that were measured."""


class SiteNeeds(Struct, frozen=True):
    """One place with lenses: the largest of its phase."""

    cameras: int
    cores: float
    """At work, without headroom."""
    memory_gb: float
    machines: int
    """Spare ones with it."""
    recordings_tb: float
    held_gb: float
    """Readings held back through the longest cut."""
    disks: int
    """In all its machines, a spare one with it; 0 where the system's own disk is enough."""
    from_cameras_mbit: float
    to_centre_mbit: float
    """Live, and what was held back beside it."""
    to_centre_most_mbit: float
    """If every camera sent as much as a Reading may have (DESIGN.md section 4), not compressed."""
    bound_by: str
    """What decides the number of machines: cores, memory or disks."""


class CentreNeeds(Struct, frozen=True):
    """The machines of the centre."""

    readings_per_second: float
    in_mbit: float
    between_mbit: float
    """Copies of the bus and of the database."""
    brokers: int
    broker_cores: float
    """Of each."""
    broker_disk_tb: float
    """Of each."""
    databases: int
    database_cores: float
    database_disk_tb: float
    """Of each copy."""
    intake: int
    """Machines for intake, alerts and console, spare ones with it."""
    intake_cores: float
    centres: int
    """Among which the districts must be shared: an intake is one thread, on one core."""


class Item(Struct, frozen=True):
    """A line of the bill of materials."""

    what: str
    count: int
    each: str
    price: float | None


class Needs(Struct, frozen=True):
    """What one phase needs."""

    cameras: int
    sites: int
    site: SiteNeeds
    centre: CentreNeeds
    site_machines: int
    bill: tuple[Item, ...]
    total: float | None
    """Of the machines, in the currency of the file; None where a price is missing."""
    short: tuple[str, ...]
    """What the links and machines of the file cannot do, and what it would take."""


class Rollout(Struct, frozen=True):
    """The plan of a whole file."""

    name: str
    currency: str
    needs: tuple[Needs, ...]
    streams: dict[str, float]
    """CPU ms/s of each class of streams, as it is planned with."""
    sources: dict[str, str]
    """Where each class's cost is from."""
    assumed: dict[str, float]
    figures: tuple[Figure, ...]
    machines: dict[str, str]
    """The classes of machines on which the figures were measured."""


def cost(stream: Stream, figures: Figures) -> tuple[float, str]:
    """CPU ms for a second of `stream` on a machine that is at work, and where that is from.

    Between the two sizes that were measured a cost is taken to grow evenly with pixels a second;
    below the smaller it does not fall, up to 30 frames/s at 1080p it goes on growing so.
    """
    if stream.cpu_ms is not None:
        return stream.cpu_ms, stream.cpu_source
    end = "" if stream.decode == "all" else "-reference"
    small, large = figures[f"stream-360p25{end}"], figures[f"stream-1080p25{end}"]
    grown = max((stream.pixels - _SMALL) / (_LARGE - _SMALL), 0.0)
    source = f"stream-360p25{end} to stream-1080p25{end}, times events, times contention"
    return (small + grown * (large - small)) * figures["events"] * figures["contention"], source


def plan(phases: Phases, figures: Figures) -> Rollout:
    """What each phase needs."""
    costs = {stream.name: cost(stream, figures) for stream in phases.streams}
    return Rollout(
        name=phases.name,
        currency=phases.currency,
        needs=tuple(_needs(phase, phases, figures) for phase in phases.phases),
        streams={name: round(value, 1) for name, (value, _) in costs.items()},
        sources={name: source for name, (_, source) in costs.items()},
        assumed={
            "utilisation of cores": phases.headroom.utilisation,
            "spare machines in each place": phases.headroom.spare,
            "share of a disk planned full": DISK_FULL,
            "share of a link planned full": LINK_FULL,
            "disk of a database beyond its rows, times": DATABASE_ROOM,
            "copies of the bus": BROKERS,
            "copies of the database": COPIES,
        },
        figures=figures.figures,
        machines=figures.machines,
    )


def _needs(phase: Phase, phases: Phases, figures: Figures) -> Needs:
    site, centre = _site(phase, phases, figures), _centre(phase, phases, figures)
    machines = site.machines * phase.sites
    bill, total = _bill(phase, phases, site, centre)
    return Needs(
        cameras=phase.cameras,
        sites=phase.sites,
        site=site,
        centre=centre,
        site_machines=machines,
        bill=bill,
        total=total,
        short=_short(phases, site, centre),
    )


def _per_camera(phases: Phases) -> float:
    """Readings a second of a camera, in the mean."""
    return sum(stream.share / stream.every for stream in phases.streams)


def _site(phase: Phase, phases: Phases, figures: Figures) -> SiteNeeds:
    head, machine = phases.headroom, phases.machines.site
    cameras = math.ceil(phase.cameras / phase.sites)
    cpu = sum(
        stream.share * (cost(stream, figures)[0] + stream.recorded * _seal(stream, figures))
        for stream in phases.streams
    )
    cores = cameras * cpu / 1000
    memory = cameras * (figures["lens-memory"] + figures["tap-memory"]) / 1000
    mbit = sum(stream.share * stream.bitrate_mbit for stream in phases.streams)
    sealed = sum(s.share * s.recorded * s.bitrate_mbit for s in phases.streams) * cameras
    recordings = sealed * 1e6 / 8 * phases.retention.recordings_hours * 3600 / 1e12
    live = cameras * _per_camera(phases) * figures["reading-wire"]
    held = live * phases.links.cut_hours * 3600
    disks = 0
    if recordings:
        disks = math.ceil((recordings + held / 1e12) / (machine.disk_tb * DISK_FULL)) + 1
    room = machine.memory_gb - head.base_memory_gb
    needed = {
        "cores": math.ceil(cores / (machine.cores * machine.speed * head.utilisation)),
        "memory": math.ceil(memory / max(room, 0.1)),
        "disks": math.ceil(disks / machine.disks),
    }
    bound = max(needed, key=lambda name: needed[name])
    return SiteNeeds(
        cameras=cameras,
        cores=round(cores, 1),
        memory_gb=round(memory, 1),
        machines=needed[bound] + head.spare,
        recordings_tb=round(recordings, 2),
        held_gb=round(held / 1e9, 2),
        disks=disks,
        from_cameras_mbit=round(mbit * cameras, 1),
        to_centre_mbit=round(live * 8 / 1e6 * (1 + phases.links.replay), 2),
        to_centre_most_mbit=round(cameras * MAX_BYTES_PER_SECOND * 8 / 1e6, 1),
        bound_by=bound,
    )


def _seal(stream: Stream, figures: Figures) -> float:
    """CPU ms/s to seal it: in proportion to its bytes."""
    return figures["sealing"] * stream.bitrate_mbit / 4.1


def _centre(phase: Phase, phases: Phases, figures: Figures) -> CentreNeeds:
    head, machine, kept = phases.headroom, phases.machines.centre, phases.retention
    usable = machine.cores * machine.speed * head.utilisation
    # After a cut everywhere, what was held back comes beside what is live.
    live = phase.cameras * _per_camera(phases)
    rate = live * (1 + phases.links.replay)
    wire = figures["reading-wire"]
    in_mbit = rate * wire * 8 / 1e6
    broker = rate * figures["broker"] / 1e6
    brokers = max(BROKERS, math.ceil(broker * BROKERS / usable))
    on_bus = live * wire * kept.bus_hours * 3600 * BROKERS / brokers
    rows = (
        live * kept.readings_hours * 3600 * figures["reading-stored"]
        + phase.cameras * kept.minutes_days * 1440 * figures["minute-stored"]
        + phase.cameras * kept.hours_days * 24 * figures["hour-stored"]
    )
    database = rate * figures["database"] / 1e6
    thread = rate * figures["intake"] / 1e6
    intake = thread + rate * figures["city"] / 1e6
    copied = rate * figures["reading-stored"] * 8 / 1e6 * (COPIES - 1)
    return CentreNeeds(
        readings_per_second=round(live, 1),
        in_mbit=round(in_mbit, 1),
        between_mbit=round(in_mbit * (BROKERS - 1) + in_mbit + copied, 1),
        brokers=brokers,
        broker_cores=round(broker * BROKERS / brokers, 2),
        broker_disk_tb=round(on_bus / 1e12, 3),
        databases=COPIES,
        database_cores=round(database, 2),
        database_disk_tb=round(rows * DATABASE_ROOM / 1e12, 3),
        intake=math.ceil(intake / usable) + head.spare,
        intake_cores=round(intake, 2),
        centres=math.ceil(thread / (machine.speed * head.utilisation)),
    )


def _describe(machine: Machine) -> str:
    return f"{machine.cores} cores, {machine.memory_gb:g} GB, {machine.disks} places for disks"


def _bill(
    phase: Phase, phases: Phases, site: SiteNeeds, centre: CentreNeeds
) -> tuple[tuple[Item, ...], float | None]:
    own, middle = phases.machines.site, phases.machines.centre
    per_disk = middle.disk_tb * DISK_FULL
    broker_disks = math.ceil(centre.broker_disk_tb / per_disk) * centre.brokers
    database_disks = math.ceil(centre.database_disk_tb / per_disk) * centre.databases
    items = [
        ("machines with lenses", site.machines * phase.sites, _describe(own), own.price),
        ("disks for recordings", site.disks * phase.sites, f"{own.disk_tb:g} TB", None),
        ("brokers", centre.brokers, _describe(middle), middle.price),
        ("databases", centre.databases, _describe(middle), middle.price),
        ("machines for intake and console", centre.intake, _describe(middle), middle.price),
        ("disks of the centre", broker_disks + database_disks, f"{middle.disk_tb:g} TB", None),
        ("links to the centre", phase.sites, f"{phases.links.site:g} Mbit/s", None),
    ]
    bill = tuple(
        Item(what, count, each, None if price is None else price * count)
        for what, count, each, price in items
        if count
    )
    if own.price is None or middle.price is None:
        return bill, None
    return bill, math.fsum(item.price for item in bill if item.price is not None)


def _short(phases: Phases, site: SiteNeeds, centre: CentreNeeds) -> tuple[str, ...]:
    links, middle = phases.links, phases.machines.centre
    told = []
    for what, needed, there in (
        ("from the cameras to a site's machines", site.from_cameras_mbit, links.cameras),
        ("from a site to the centre", site.to_centre_mbit, links.site),
        ("between the machines of the centre", centre.between_mbit, links.centre),
    ):
        if needed > there * LINK_FULL:
            told.append(
                f"the link {what} has {there:,.0f} Mbit/s; it takes "
                f"{needed / LINK_FULL:,.0f} to be at most {LINK_FULL:.0%} full"
            )
    usable = middle.cores * middle.speed * phases.headroom.utilisation
    if centre.database_cores > usable:
        told.append(
            f"the database takes {centre.database_cores:.1f} cores, more than the "
            f"{usable:.1f} that may be used of one machine: split the city over two databases"
        )
    for what, needed_tb in (
        ("a broker", centre.broker_disk_tb),
        ("a database", centre.database_disk_tb),
    ):
        room = middle.disks * middle.disk_tb * DISK_FULL
        if needed_tb > room:
            told.append(f"{what} takes {needed_tb:.1f} TB; its places for disks hold {room:.1f}")
    return tuple(told)
