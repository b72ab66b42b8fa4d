"""Finding cameras in a register: by name, by state, by place; worked out once for each register."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from plainview.governance.register import STATES, Register, RegisterCamera, RegisterSite

LONGEST_SEARCH: Final = 100
"""Characters of a search; what is beyond is not looked at."""

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS 84 degrees."""


class Group(NamedTuple):
    """Cameras of one site, in the order in which they are numbered."""

    site: RegisterSite
    cameras: tuple[RegisterCamera, ...]


class Search(NamedTuple):
    """What a reader asked for. Each part may be left out."""

    text: str = ""
    state: str = ""
    box: Box | None = None


class Lookup:
    """One register, indexed. Immutable."""

    def __init__(self, register: Register) -> None:
        """Index `register`; about 0.2 s for 60,000 cameras."""
        self.register = register
        self.cameras: Mapping[str, RegisterCamera] = {c.id: c for c in register.cameras}
        counts = Counter(camera.state for camera in register.cameras)
        self.counts: Mapping[str, int] = {state: counts[state] for state in STATES}
        self.groups: Sequence[Group] = _groups(register)
        self.sites: Mapping[str, Group] = {group.site.id: group for group in self.groups}
        self.number: Mapping[str, int] = {
            camera.id: place
            for group in self.groups
            for place, camera in enumerate(group.cameras, 1)
        }
        """Place of each camera in its site's list, from 1: what the site's map writes on it."""

    @property
    def zone(self) -> str:
        """The time zone in which most of it is written; UTC where nothing says."""
        zones = Counter(camera.timezone for camera in self.register.cameras if camera.permit)
        return zones.most_common(1)[0][0] if zones else "UTC"

    def found(self, search: Search) -> tuple[Group, ...]:
        """Sites with those of their cameras that match; a site that is named gives all of its."""
        wanted = search.text[:LONGEST_SEARCH].casefold().split()
        found = []
        for group in self.groups:
            if search.box and not _inside(group.site, search.box):
                continue
            place = f"{group.site.id} {group.site.name}".casefold()
            cameras = tuple(
                camera
                for camera in group.cameras
                if (not search.state or camera.state == search.state)
                and _named(wanted, f"{place} {camera.id} {camera.name}")
            )
            if cameras:
                found.append(Group(group.site, cameras))
        return tuple(found)


class Latest:
    """The last register's index, kept as long as the register is the same object. Thread-safe."""

    def __init__(self) -> None:
        """Nothing indexed yet."""
        self._lock = threading.Lock()
        self._last: Lookup | None = None

    def of(self, register: Register) -> Lookup:
        """The index of `register`."""
        with self._lock:
            if self._last is None or self._last.register is not register:
                self._last = Lookup(register)
            return self._last


class Window(NamedTuple):
    """One page of a long list."""

    groups: tuple[Group, ...]
    page: int
    """From 1."""
    pages: int
    total: int


def window(groups: Iterable[Group], page: int, size: int) -> Window:
    """The `page`-th `size` cameras of `groups`, still by site; the nearest page there is."""
    flat = [(group.site, camera) for group in groups for camera in group.cameras]
    pages = max(-(-len(flat) // size), 1)
    page = min(max(page, 1), pages)
    shown: dict[str, tuple[RegisterSite, list[RegisterCamera]]] = {}
    for site, camera in flat[(page - 1) * size : page * size]:
        shown.setdefault(site.id, (site, []))[1].append(camera)
    return Window(
        tuple(Group(site, tuple(cameras)) for site, cameras in shown.values()),
        page,
        pages,
        len(flat),
    )


def _groups(register: Register) -> list[Group]:
    """Every camera exactly once: one whose site is not listed stands under the site's bare id."""
    sites = {site.id: site for site in register.sites}
    members: dict[str, list[RegisterCamera]] = {}
    for camera in register.cameras:
        members.setdefault(camera.site, []).append(camera)
    groups = [
        Group(
            sites.get(name) or RegisterSite(id=name, name=name),
            tuple(sorted(cameras, key=lambda c: ((c.name or c.id).casefold(), c.id))),
        )
        for name, cameras in members.items()
    ]
    return sorted(groups, key=lambda g: (g.site.name.casefold(), g.site.id))


def _named(wanted: list[str], text: str) -> bool:
    if not wanted:
        return True
    folded = text.casefold()
    return all(word in folded for word in wanted)


def _inside(site: RegisterSite, box: Box) -> bool:
    if site.longitude is None or site.latitude is None:
        return False
    return box[0] <= site.longitude <= box[2] and box[1] <= site.latitude <= box[3]
