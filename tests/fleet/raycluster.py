"""A real Ray cluster on this machine's loopback, of as few processes as Ray can do with."""

import contextlib
import gc
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

_ATTEMPTS = 3
"""Ray gives a node thirty seconds to start, which a crowded machine may not manage."""


class RayNodes:
    """Owns the nodes, and this process's connection to them. Each has an address of its own."""

    def __init__(self, labels: Sequence[Mapping[str, str]], *, cpus: float = 1.0) -> None:
        """One node with each of `labels`; the first is the head."""
        # Not below pytest's own: a socket's path is short.
        self._folder = tempfile.TemporaryDirectory(prefix="ray", dir="/tmp")
        os.environ["RAY_TMPDIR"] = self._folder.name
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        import ray  # noqa: PLC0415 - reads its environment
        from ray.cluster_utils import Cluster  # noqa: PLC0415 - with it

        self._ray = ray
        self._before = set(_children())
        self._cluster = Cluster(shutdown_at_exit=False)
        try:
            self.nodes = [self._node(k, one, cpus) for k, one in enumerate(labels)]
            ray.init(
                address=self._cluster.address,
                _node_ip_address="127.0.0.2",
                log_to_driver=False,
                configure_logging=False,
            )
        except BaseException:
            self.close()
            raise

    def _node(self, k: int, labels: Mapping[str, str], cpus: float) -> Any:  # noqa: ANN401 - Ray's
        for attempt in range(_ATTEMPTS):
            before = set(_children())
            try:
                return self._cluster.add_node(
                    num_cpus=cpus,
                    node_ip_address=f"127.0.0.{k + 2}",
                    labels=dict(labels),
                    include_dashboard=False,
                    include_log_monitor=False,
                    no_monitor=True,
                    object_store_memory=80_000_000,
                )
            except Exception as error:
                _end(set(_children()) - before)
                if attempt == _ATTEMPTS - 1 or "timed out" not in str(error):
                    raise
        raise AssertionError

    def raylet(self, k: int) -> int:
        """The process of node `k` that all others of that node are children of."""
        started: Any = self.nodes[k].all_processes["raylet"][0].process
        return int(started.pid)

    def close(self) -> None:
        """End all of it, and wait for it."""
        self._ray.shutdown()
        self._cluster.global_state.disconnect()  # type: ignore[no-untyped-call]
        _end(set(_children()) - self._before)
        self._folder.cleanup()

    def __enter__(self) -> Self:
        """The nodes."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _children() -> list[subprocess.Popen[bytes]]:
    """This process's own that nobody has waited for: Ray lets go of its handles."""
    found = (one for one in gc.get_objects() if isinstance(one, subprocess.Popen))
    return [one for one in found if one.returncode is None]


def _end(children: set[subprocess.Popen[bytes]]) -> None:
    """Kill them, and what they have started: Ray's agents outlive a raylet that was killed."""
    for pid in [pid for child in children for pid in _below(child.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for child in children:
        child.wait()


def _below(pid: int) -> list[int]:
    """`pid` and every process below it; nothing where it has ended."""
    found = [pid]
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += _below(int(child))
    return found
