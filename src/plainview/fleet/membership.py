"""The nodes of a fleet as its head knows them: opened, exchanged with, and lost when silent.

A node is lost at once when its program is known to have ended, else when it has not answered for
longer than its lease: by then it has ended its lenses by itself.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import structlog
from msgspec import structs

from plainview import __version__
from plainview.clock import Clock
from plainview.errors import LensError
from plainview.fleet.node import LEASE
from plainview.fleet.orders import News, Orders, decode_news, encoder
from plainview.fleet.placement import Node

SILENT = LEASE + 1.0
"""Seconds without an answer after which a node is lost."""
WAIT = 0.25
"""Seconds that a node may wait for something to tell: a probe comes at least that often."""
PACE = 0.1
"""Seconds between two exchanges with one node that has nothing urgent."""
_OPENING = 60.0
"""Seconds for a node's program to start, on a cold disk and a busy machine."""
_GATHER = 15.0
"""Seconds from the fleet's start in which nodes that are being opened are waited for."""
_FIRST_RETRY = 1.0
_LAST_RETRY = 30.0
_log = structlog.get_logger(__name__)


class NodeGone(LensError):
    """A node's program has ended, and its lenses with it."""


class NodeSilent(LensError):
    """A node could not be asked; it may be there again at the next try."""


class Link(Protocol):
    """The way to the program on one node. One exchange at a time."""

    def send(self, orders: bytes) -> None:
        """Begin an exchange. Never waits. Raises LensError where it cannot be begun."""
        ...

    def answer(self) -> bytes:
        """The answer, once `Cluster.wait` told of one. Raises NodeGone or NodeSilent."""
        ...

    def close(self) -> None:
        """End the program on the node, if it can be reached."""
        ...


class Cluster(Protocol):
    """What there is of nodes."""

    def nodes(self) -> Sequence[Node]:
        """Those that are there, as was last heard. Never waits."""
        ...

    def open(self, node: str) -> Link:
        """Begin to start the program on `node`. Never waits."""
        ...

    def wait(self, links: Sequence[Link], seconds: float) -> Sequence[Link]:
        """Those of `links` that have an answer, after at most `seconds`."""
        ...

    def close(self) -> None:
        """Let go of the cluster."""
        ...


class Heard(NamedTuple):
    """A node has answered."""

    node: str
    news: News


class Lost(NamedTuple):
    """What ran on a node does not run there any more, or writes under a token that is past."""

    node: str


OrdersFor = Callable[[str], Orders]
"""What a node is to be asked, by its name; `acknowledged` and `wait` are filled in here."""


class _Member:
    """Owns one node's link and what is known of it."""

    def __init__(self, node: Node, link: Link, now: float) -> None:
        self.node = node
        self.link = link
        self.opened = now
        self.answered: float | None = None
        self.sent: float | None = None
        """When the exchange began that is not answered; None: none is under way."""
        self.next = now
        self.acknowledged = 0
        self.note = ""


class Membership:
    """Owns the links to all nodes. For use by one thread."""

    def __init__(self, cluster: Cluster, clock: Clock, *, silent: float = SILENT) -> None:
        """No node is asked yet: `turn` does."""
        self._cluster = cluster
        self._clock = clock
        self._silent = silent
        self._gathered = clock.monotonic() + _GATHER
        self._members: dict[str, _Member] = {}
        self._retry: dict[str, tuple[float, float]] = {}
        self.lost = 0
        """Nodes that were lost."""

    def usable(self) -> list[Node]:
        """The nodes that have answered, are of this version, and can run lenses."""
        return [m.node for m in self._members.values() if m.answered is not None and not m.note]

    def gathering(self) -> bool:
        """Whether the fleet has just begun and there are nodes that cannot be used yet.

        What is placed now would all go to the first that answers.
        """
        opening = any(member.answered is None or member.note for member in self._members.values())
        return opening and self._clock.monotonic() < self._gathered

    def trouble(self) -> str:
        """Why the nodes that cannot be used cannot; empty where there are none such."""
        return "; ".join(
            sorted(f"{m.node.name}: {m.note}" for m in self._members.values() if m.note)
        )

    def turn(self, orders_for: OrdersFor, seconds: float) -> list[Heard | Lost]:
        """Ask and hear all nodes once; waits up to `seconds` for something to hear."""
        self._meet()
        now = self._clock.monotonic()
        for member in self._members.values():
            if member.sent is None and now >= member.next:
                asked = structs.replace(
                    orders_for(member.node.name), acknowledged=member.acknowledged, wait=WAIT
                )
                member.link.send(encoder.encode(asked))
                member.sent = now
        asking = {id(m.link): m for m in self._members.values() if m.sent is not None}
        links = [member.link for member in asking.values()]
        if not links:
            self._clock.sleep(seconds)
            return []
        heard: list[Heard | Lost] = []
        for link in self._cluster.wait(links, seconds):
            heard += self._hear(asking[id(link)])
        return heard + self._miss()

    def close(self) -> None:
        """Let go of all nodes."""
        for member in self._members.values():
            member.link.close()
        self._members.clear()
        self._cluster.close()

    def hurry(self, node: str) -> None:
        """There is something urgent for `node`."""
        if node in self._members:
            self._members[node].next = 0.0

    def _meet(self) -> None:
        """Open the nodes that are new, and know of each what the cluster says."""
        now = self._clock.monotonic()
        there = {node.name: node for node in self._cluster.nodes()}
        for name, node in there.items():
            if name in self._members:
                self._members[name].node = node
            elif now >= self._retry.get(name, (0.0, 0.0))[0]:
                _log.info("node opens", node=name, cores=node.cpu, labels=sorted(node.labels))
                self._members[name] = _Member(node, self._cluster.open(name), now)
        for name in self._members.keys() - there.keys():
            # The cluster has given it up. It may still answer: then its cameras move in order.
            member = self._members[name]
            member.node = structs.replace(member.node, draining=True)

    def _hear(self, member: _Member) -> list[Heard | Lost]:
        now = self._clock.monotonic()
        member.next = max(now, (member.sent or now) + PACE)
        member.sent = None
        try:
            news = decode_news(member.link.answer())
        except NodeSilent:
            member.next = now + PACE
            return []
        except LensError as error:
            return [self._lose(member, error.line())]
        first = member.answered is None
        member.answered = now
        member.acknowledged = news.number
        other = f"runs version {news.version}, not {__version__}"
        member.note = other if news.version != __version__ else news.trouble
        if first:
            self._retry.pop(member.node.name, None)
            _log.info("node answers", node=member.node.name, trouble=member.note)
        return [Heard(member.node.name, news)]

    def _miss(self) -> list[Heard | Lost]:
        """Give up who does not answer."""
        now = self._clock.monotonic()
        late = [
            member
            for member in self._members.values()
            if (
                now - member.opened > _OPENING
                if member.answered is None
                else now - member.answered > self._silent
            )
        ]
        return [self._lose(member, "it does not answer") for member in late]

    def _lose(self, member: _Member, why: str) -> Lost:
        name = member.node.name
        _log.error("node lost", node=name, why=why)
        self.lost += 1
        now = self._clock.monotonic()
        wait = min(max(2 * self._retry.get(name, (0.0, 0.0))[1], _FIRST_RETRY), _LAST_RETRY)
        self._retry[name] = now + wait, wait
        del self._members[name]
        member.link.close()
        return Lost(name)
