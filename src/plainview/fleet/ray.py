"""The nodes of a Ray cluster, each with one actor that owns a `fleet.node.Node`.

Ray tells which nodes there are and carries the exchanges; where cameras run, and when a node counts
as lost, is decided here (docs/design/0030-ray.md). Ray reports its usage to its makers unless it is
told not to: it is told not to before it is imported.
"""

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog

from plainview.clock import Clock, SystemClock
from plainview.errors import ConfigError, LensError
from plainview.fleet.knock import Door, Knocks
from plainview.fleet.membership import Link, NodeGone, NodeSilent
from plainview.fleet.node import LEASE
from plainview.fleet.node import Node as Program
from plainview.fleet.orders import encoder, orders
from plainview.fleet.placement import Node
from plainview.fleet.zygote import COMMAND
from plainview.vision.task import Trust

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ENABLE_AUTO_CONNECT", "0")  # no call starts a cluster by the way

import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

_LOOK = 1.0
"""Seconds between looks at which nodes there are."""
_OVERDUE = 0.75
"""Seconds without an answer after which it is looked whether the node's raylet is there: one that
is well answers within `membership.WAIT`."""
_REACH = 5.0
"""Seconds in which a cluster's address must take a connection."""
_LEAVE = 10.0
_OBJECTS = 100_000_000
"""Bytes of shared memory of a cluster of our own: a plate or two is all that it is for."""
_log = structlog.get_logger(__name__)


class _Actor:
    """Owns the program on one node, in a process that Ray started there."""

    def __init__(self, trust: Trust, lease: float, command: tuple[str, ...]) -> None:
        self._program = Program(trust, lease=lease, command=command)

    def exchange(self, asked: bytes) -> bytes:
        return encoder.encode(self._program.exchange(orders.decode(asked)))


class RayLink:
    """The way to one node's actor."""

    def __init__(self, actor: Any, node: str) -> None:  # noqa: ANN401 - Ray's handles are untyped
        """Nothing was sent yet."""
        self._actor = actor
        self.node = node
        self.pending: Any = None
        self.since: float | None = None
        """When an answer was waited for first, monotonic seconds; None: all have come."""
        self.gone = False
        """Its node's raylet is not there any more, and ends nothing in order."""

    def send(self, asked: bytes) -> None:
        """Begin an exchange. Raises NodeGone where Ray itself does not take it."""
        try:
            self.pending = self._actor.exchange.remote(asked)
        except ray.exceptions.RayError as error:
            raise NodeGone(f"cannot be asked: {error}"[:300], where=self.node) from error

    def answer(self) -> bytes:
        """The answer. Raises NodeGone, NodeSilent."""
        if self.gone:
            raise NodeGone("nobody has its raylet's port any more", where=self.node)
        try:
            told = ray.get(self.pending)
        except ray.exceptions.ActorUnavailableError as error:
            raise NodeSilent("could not be asked", where=self.node) from error
        except ray.exceptions.RayError as error:
            why = str(error).strip().splitlines()
            raise NodeGone(f"its program ended: {why[0][:200] if why else ''}") from error
        self.since = None
        if not isinstance(told, bytes):
            raise NodeGone("its program answers something else")
        return told

    def close(self) -> None:
        """Kill the actor: the kernel ends its zygote's children with it."""
        self.pending = None
        with contextlib.suppress(ray.exceptions.RayError):  # gone with its cluster
            ray.kill(self._actor)


class RayCluster:
    """Owns the connection to a Ray cluster, and the thread that looks at its nodes."""

    def __init__(
        self,
        url: str,
        trust: Trust,
        *,
        command: Sequence[str] = COMMAND,
        lease: float = LEASE,
        clock: Clock | None = None,
    ) -> None:
        """Connect to `url`, or to the cluster that this process has connected to before.

        `ray:local` is a cluster of this machine alone, that ends with this process; `ray:auto` the
        one that this machine has joined; `ray://HOST:PORT` the same, by its head's address. Raises
        ConfigError for another address, LensError if there is no such cluster.
        """
        self._trust = trust
        self._command = tuple(command)
        self._lease = lease
        address = _address(url)
        self._ours = not ray.is_initialized()
        if self._ours:
            _connect(address)
        self._clock = clock or SystemClock()
        self._knocks = Knocks(self._clock)
        self._nodes: tuple[Node, ...] = ()
        self._doors: dict[str, Door] = {}
        """Where the raylet of each node listens, those that were given up too."""
        self._gone: set[str] = set()
        """Nodes whose raylet has ended; one that is started anew is another node."""
        self._trouble = ""
        self._closing = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._run, name="nodes", daemon=True)
        self._thread.start()

    def nodes(self) -> Sequence[Node]:
        """Those that were there at the last look, a second ago."""
        return [node for node in self._nodes if node.name not in self._gone]

    def open(self, node: str) -> RayLink:
        """Begin to start the actor on `node`. It ends with this process, or by its lease."""
        actor = ray.remote(_Actor).options(
            num_cpus=0,
            max_restarts=0,
            max_task_retries=0,
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
        )
        return RayLink(actor.remote(self._trust, self._lease, self._command), node)

    def wait(self, links: Sequence[Link], seconds: float) -> Sequence[Link]:
        """Those of `links` that have an answer, after at most `seconds`."""
        waiting = {link.pending: link for link in links if isinstance(link, RayLink)}
        gone = [link for link in waiting.values() if self._is_gone(link)]
        if gone:
            return gone
        try:
            ready, _ = ray.wait(list(waiting), num_returns=1, timeout=seconds)
            if ready:
                ready, _ = ray.wait(list(waiting), num_returns=len(waiting), timeout=0)
        except ray.exceptions.RayError as error:
            raise LensError(f"Ray does not answer: {error}"[:300], where="fleet") from error
        return [waiting[one] for one in ready]

    def _is_gone(self, link: RayLink) -> bool:
        """Whether the raylet of a node that does not answer has ended: then so has its actor.

        Ray itself says so after ten seconds or more where it had no time to say farewell.
        """
        now = self._clock.monotonic()
        if link.since is None:
            link.since = now
        door = self._doors.get(link.node)
        if door is not None and now - link.since > _OVERDUE:
            link.gone = self._knocks.refused(door)
        if link.gone:
            self._gone.add(link.node)
        return link.gone

    def close(self) -> None:
        """Disconnect, where the connection was made here."""
        self._closing.set()
        self._thread.join()
        self._knocks.close()
        if self._ours:
            _disconnect()

    def _run(self) -> None:
        while not self._closing.wait(_LOOK):
            self._look()

    def _look(self) -> None:
        """Know which nodes there are. Where that cannot be told, they are as they were."""
        try:
            draining = ray._private.state.state.get_draining_nodes()  # noqa: SLF001 - no public way
            there = [
                told
                for told in ray.nodes()  # type: ignore[no-untyped-call]
                if told["Alive"] and told["Resources"].get("CPU", 0.0) > 0.0
            ]
            self._doors |= {
                told["NodeID"]: (told["NodeManagerAddress"], told["NodeManagerPort"])
                for told in there
            }
            self._nodes = tuple(_node(one, draining=one["NodeID"] in draining) for one in there)
        except (ray.exceptions.RayError, RuntimeError, OSError) as error:
            if not self._trouble:
                _log.error("Ray does not tell its nodes", why=str(error)[:200])
            self._trouble = str(error) or "?"
        else:
            self._trouble = ""


def _node(told: dict[str, Any], *, draining: bool) -> Node:
    resources, labels = told["Resources"], told.get("Labels") or {}
    return Node(
        name=told["NodeID"],
        cpu=float(resources["CPU"]),
        memory=float(resources.get("memory", 0.0)),
        labels=frozenset(f"{key}={value}" for key, value in labels.items()),
        draining=draining,
    )


def _connect(address: str) -> None:
    quiet: dict[str, Any] = {
        "log_to_driver": False,
        "logging_level": "warning",
        "configure_logging": False,
        "namespace": "plainview",
    }
    if address == "local":
        quiet |= {
            "include_dashboard": False,
            "object_store_memory": _OBJECTS,
            "_node_ip_address": "127.0.0.1",
        }
    elif address != "auto":
        _reach(address)
    try:
        ray.init(address=address, **quiet)
    except Exception as error:
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise LensError(
            f"no Ray cluster: {why[0][:200]}",
            where="fleet",
            mend="Join this machine to the cluster first: ray start --address=HOST:PORT",
        ) from error


def _address(url: str) -> str:
    """What Ray calls `url`. Raises ConfigError."""
    if url in {"ray:local", "ray:auto"}:
        return url.removeprefix("ray:")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not url.startswith("ray://") or host is None or port is None:
        raise ConfigError(
            "no fleet speaks this address",
            where="fleet",
            mend='Write "ray:local", "ray:auto" or "ray://HOST:PORT"',
        )
    return f"{host}:{port}"


def _reach(address: str) -> None:
    """Raise LensError where nothing takes a connection: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _REACH).close()
    except OSError as error:
        raise LensError(
            f"no Ray cluster takes a connection at {address}: {error.strerror or error}",
            where="fleet",
            mend="Start its head: ray start --head --port=PORT (docs/guide/ray.md)",
        ) from error


def _disconnect() -> None:
    """Let go of the cluster; one of our own has ended when this returns."""
    ours = ray._private.worker._global_node  # noqa: SLF001 - Ray kills them and does not wait
    started: list[Any] = [] if ours is None else list(ours.all_processes.values())
    children = [told.process for several in started for told in several]
    ray.shutdown()
    for child in children:
        try:
            child.wait(_LEAVE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
