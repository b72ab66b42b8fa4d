"""Which node runs which camera: pure functions over frozen structs.

A plan changes as little as it can: what runs stays where it is, as long as its node is there, is
not being drained and has room. Nothing is added to a node beyond its room; who finds none is named.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

HEADROOM = 0.9
"""Share of a node's processors and memory that lenses may take."""
FULL = 1.0
"""Share beyond which lenses are moved away; between the two nothing comes and nothing goes."""
HYSTERESIS = 0.2
"""How much fuller, as a share of itself, a node must be than another before one camera moves."""
_PIXELS = 6.1e-8
_LENS = 0.038
_TAP = 0.01
_MEMORY = 64e6


class Cost(Struct, frozen=True):
    """What one camera takes of its node."""

    cpu: float
    """Cores."""
    memory: float
    """Bytes."""


class Node(Struct, frozen=True):
    """A machine, or a part of one, that runs lenses."""

    name: str
    cpu: float
    """Cores."""
    memory: float
    """Bytes."""
    labels: frozenset[str] = frozenset()
    """`key=value`, as whoever started the node gave them."""
    draining: bool = False
    """It is going to leave: nothing new goes there, and what is there moves."""


class Wish(Struct, frozen=True):
    """A camera that is to run somewhere."""

    name: str
    cost: Cost
    near: tuple[str, ...] = ()
    """Labels of nodes near its data, the nearest first. It goes elsewhere where they have no room.
    """
    only: frozenset[str] | None = None
    """Nodes that have its file or device; None: it can be reached from everywhere."""


class Plan(Struct, frozen=True):
    """Where each camera goes, and who finds no place."""

    places: dict[str, str]
    """Node by camera."""
    left_out: dict[str, str]
    """Why, by camera."""


def default_cost(image_size: tuple[int, int], rate: float = 5.0) -> Cost:
    """What a camera of `image_size` (pixels) is taken to cost until it was measured.

    Cores = 0.048 + 0.061 x megapixels at 5 analysed frames/s, the part beyond a tenth of a core's
    decoding in proportion to `rate`: a line through the streams of 640x360 and 1920x1080 at 25
    frames/s that `bench/streams_per_core.py` measured (52.4 and 164.7 ms of processor time each
    second), and a hundredth of a core for the tap. Memory: the budget of a lens, 64 MB.
    """
    pixels = image_size[0] * image_size[1]
    return Cost(_TAP + _PIXELS * pixels + _LENS * max(rate, 1.0) / 5.0, _MEMORY)


def place(nodes: Iterable[Node], cameras: Iterable[Wish], current: Mapping[str, str]) -> Plan:
    """Where the `cameras` run, who run at `current` (node by camera, of those that run).

    Dearest first, each to a node near its data that has room, the one that is left emptiest of
    several. From a node that has become too full the dearest go, until it is not, where there is
    room for them elsewhere; where there is none they stay.
    """
    usable = {node.name: node for node in nodes if not node.draining}
    room = _Room(usable)
    wishes = sorted(cameras, key=lambda one: (-one.cost.cpu, -one.cost.memory, one.name))
    places: dict[str, str] = {}
    for one in wishes:
        node = current.get(one.name)
        if node in usable and _may(one, node):
            places[one.name] = node
            room.take(node, one.cost)
    _relieve(room, wishes, places)
    left_out: dict[str, str] = {}
    for one in wishes:
        if one.name in places:
            continue
        chosen = room.best(one)
        if chosen is None:
            left_out[one.name] = _why(one, usable)
        else:
            places[one.name] = chosen
            room.take(chosen, one.cost)
    return Plan(places, left_out)


def rebalance(
    nodes: Iterable[Node], cameras: Iterable[Wish], places: Mapping[str, str]
) -> tuple[str, str] | None:
    """The one camera that should move now, and where to; None where nothing is worth a move.

    First what can come nearer to its data, to a node that keeps `HYSTERESIS` of its room. Then, of
    what is not near its data, one from the fullest node to an emptier one, where the difference is
    more than `HYSTERESIS` and becomes smaller by it. No move takes a camera further from its data,
    and each evens out the two nodes: so moves come to an end, and none is undone by the next.
    """
    usable = {node.name: node for node in nodes if not node.draining}
    room = _Room(usable)
    moving = []
    for one in sorted(cameras, key=lambda one: one.name):
        node = usable.get(places.get(one.name, ""))
        if node is not None:
            room.take(node.name, one.cost)
            moving.append((one, node))
    for one, node in moving:
        home = room.best(one, HEADROOM - HYSTERESIS)
        if home is not None and _nearness(one, usable[home]) < _nearness(one, node):
            return one.name, home
    return _evening(room, moving) if len(usable) > 1 else None


def _evening(room: "_Room", moving: list[tuple[Wish, Node]]) -> tuple[str, str] | None:
    """The move from the fullest node that leaves its new node the emptiest."""
    full = max(room.nodes, key=lambda name: (room.share(name), name))
    best: tuple[float, str, str] | None = None
    for one, node in moving:
        if node.name != full or _nearness(one, node) < len(one.near):
            continue
        for name in room.nodes:
            after = room.share(name, one.cost)
            if (
                _may(one, name)
                and after <= HEADROOM
                and after < room.share(full)
                and room.share(full) - room.share(name) > HYSTERESIS
                and (best is None or (after, one.name, name) < best)
            ):
                best = after, one.name, name
    return None if best is None else best[1:]


class _Room:
    """Owns what is taken of each node while a plan is made."""

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        self._cpu = dict.fromkeys(nodes, 0.0)
        self._memory = dict.fromkeys(nodes, 0.0)

    def take(self, node: str, cost: Cost, *, sign: float = 1.0) -> None:
        self._cpu[node] += sign * cost.cpu
        self._memory[node] += sign * cost.memory

    def share(self, node: str, more: Cost | None = None) -> float:
        """How full `node` is, or would be with `more`: the larger share of its two."""
        has = self.nodes[node]
        cpu = self._cpu[node] + (more.cpu if more else 0.0)
        memory = self._memory[node] + (more.memory if more else 0.0)
        return max(cpu / max(has.cpu, 1e-9), memory / max(has.memory, 1e-9))

    def best(self, one: Wish, most: float = HEADROOM) -> str | None:
        """The nearest node that is no fuller than `most` with it, the emptiest of several."""
        fitting = [n for n in self.nodes if _may(one, n) and self.share(n, one.cost) <= most]
        return min(
            fitting,
            key=lambda n: (_nearness(one, self.nodes[n]), self.share(n, one.cost), n),
            default=None,
        )


def _relieve(room: _Room, wishes: list[Wish], places: dict[str, str]) -> None:
    """Move what is dear from nodes that are too full, in `places`."""
    for one in wishes:
        node = places.get(one.name)
        if node is None or room.share(node) <= FULL:
            continue
        room.take(node, one.cost, sign=-1.0)
        places[one.name] = room.best(one) or node
        room.take(places[one.name], one.cost)


def _may(one: Wish, node: str) -> bool:
    return one.only is None or node in one.only


def _nearness(one: Wish, node: Node) -> int:
    """0 for the nearest; as many as there are labels where it has none of them."""
    return next((k for k, label in enumerate(one.near) if label in node.labels), len(one.near))


def _why(one: Wish, usable: Mapping[str, Node]) -> str:
    if not usable:
        return "no node is there to run it"
    if one.only is not None and not one.only & usable.keys():
        return "no node has its file or device"
    return f"no node has room for {one.cost.cpu:.2f} cores and {one.cost.memory / 1e6:.0f} MB"
