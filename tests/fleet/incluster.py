"""Nodes in this process, with real zygotes: a cluster to kill, cut and drain at will."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from msgspec import structs

from plainview.fleet.membership import Link, NodeGone
from plainview.fleet.node import Node as Program
from plainview.fleet.orders import encoder, orders
from plainview.fleet.placement import Node
from plainview.vision.task import Trust


class InLink:
    """The way to one node's program."""

    def __init__(self, program: Program, cluster: "InCluster", name: str) -> None:
        """Nothing was sent yet."""
        self.program = program
        self._cluster = cluster
        self._name = name
        self.pending: Future[bytes] = Future()

    def send(self, asked: bytes) -> None:
        """Begin an exchange, unless the link is cut: then its answer never comes."""
        if self._name in self._cluster.cut:
            self.pending = Future()
        else:
            self.pending = self._cluster.workers.submit(self._exchange, asked)

    def _exchange(self, asked: bytes) -> bytes:
        if self._name in self._cluster.dead:
            raise NodeGone("killed", where=self._name)
        return encoder.encode(self.program.exchange(orders.decode(asked)))

    def answer(self) -> bytes:
        """The answer."""
        return self.pending.result()

    def close(self) -> None:
        """End the program, unless it cannot be reached."""
        if self._name not in self._cluster.cut:
            self.program.close()


class InCluster:
    """Owns what nodes there are."""

    def __init__(self, nodes: Sequence[Node], trust: Trust, command: Sequence[str]) -> None:
        """All are there."""
        self._nodes = {node.name: node for node in nodes}
        self._trust = trust
        self._command = command
        self._lock = threading.Lock()
        self.workers = ThreadPoolExecutor(8)
        self.programs: dict[str, Program] = {}
        self.cut: set[str] = set()
        self.dead: set[str] = set()
        self.lease = 1.0

    def nodes(self) -> list[Node]:
        """Those that are there."""
        with self._lock:
            return [node for node in self._nodes.values() if node.name not in self.dead]

    def change(self, node: Node) -> None:
        """`node` is so now, or comes."""
        with self._lock:
            self._nodes[node.name] = node
        self.dead.discard(node.name)

    def kill(self, name: str) -> None:
        """A node ends with all that runs on it."""
        self.dead.add(name)
        self.programs[name].close()

    def drain(self, name: str) -> None:
        """A node is going to leave."""
        self.change(structs.replace(self._nodes[name], draining=True))

    def open(self, node: str) -> InLink:
        """Start its program."""
        program = Program(self._trust, lease=self.lease, hang=2.0, command=self._command)
        self.programs[node] = program
        return InLink(program, self, node)

    def wait(self, links: Sequence[Link], seconds: float) -> list[Link]:
        """Those with an answer."""
        pending = {link: link.pending for link in links if isinstance(link, InLink)}
        wait(pending.values(), timeout=seconds, return_when="FIRST_COMPLETED")
        return [link for link, one in pending.items() if one.done()]

    def close(self) -> None:
        """End what runs still."""
        for program in self.programs.values():
            program.close()
        self.workers.shutdown()
