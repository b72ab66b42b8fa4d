"""The streams and consumers that batches wait in, and what the broker says about them."""

import asyncio

import nats.js.errors
from msgspec import Struct
from nats.aio.client import Client
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

CENTRE = "PLAINVIEW"
"""The stream at the centre: what intake has not stored yet."""
LEAF = "SITE"
"""The stream on a site's own server: what the centre has not confirmed yet."""
CONSUMERS = {"live": "intake", "late": "intake-late"}
_SUBJECTS = {
    "live": ["plainview.readings.*.*"],
    "late": ["plainview.late.*.*"],
}
ACK_WAIT = 10.0
"""Seconds until what was taken and not acknowledged is given out again: an intake that is killed
must be made up for within 15 s; one that is slow gets some of it twice, which changes nothing."""
_LAPSE = 0.05
"""Seconds likewise, for the moment in which one intake takes over from another."""
_MOST_PENDING = 20_000
"""Batches given out and not acknowledged, at most."""
_TIMEOUT = 2.0
"""Seconds that the broker has for an answer about its streams."""
_WINDOW = 120.0
"""Seconds in which the broker knows a message id again."""


class Problem(Struct, frozen=True):
    """Why the broker did not take a batch."""

    code: int = 0
    err_code: int = 0
    description: str = ""


class PubAck(Struct, frozen=True):
    """What the broker answers to a batch."""

    stream: str = ""
    seq: int = 0
    duplicate: bool = False
    error: Problem | None = None


def centre_stream(disk: int, replicas: int) -> StreamConfig:
    """The centre's stream: a batch leaves it once intake has it, and no new one enters when full.

    So a centre that is stopped for long refuses, the sites keep what it refuses, and nothing that
    was once taken is dropped. Nobody may delete or purge: see docs/design/0026-city-bus.md.
    """
    return StreamConfig(
        name=CENTRE,
        subjects=[*_SUBJECTS["live"], *_SUBJECTS["late"]],
        retention=RetentionPolicy.WORK_QUEUE,
        discard=DiscardPolicy.NEW,
        storage=StorageType.FILE,
        max_bytes=disk,
        max_msg_size=1_048_576,
        num_replicas=replicas,
        duplicate_window=_WINDOW,
        deny_delete=True,
        deny_purge=True,
        max_consumers=-1,
    )


def leaf_stream(disk: int) -> StreamConfig:
    """A site's stream: bounded by `disk` bytes, the oldest dropped first."""
    return StreamConfig(
        name=LEAF,
        subjects=_SUBJECTS["live"],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_bytes=disk,
        max_msg_size=1_048_576,
        num_replicas=1,
        duplicate_window=_WINDOW,
        allow_direct=True,
    )


def consumer(path: str, ack_wait: float = ACK_WAIT) -> ConsumerConfig:
    """Intake's consumer of what is live or late."""
    return ConsumerConfig(
        durable_name=CONSUMERS[path],
        filter_subjects=_SUBJECTS[path],
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=-1,
        max_ack_pending=_MOST_PENDING,
    )


async def ensure_stream(client: Client, wanted: StreamConfig) -> None:
    """Make the stream, or give it the bounds that are wanted now. Raises nats.errors.Error."""
    manager = client.jsm(timeout=_TIMEOUT)
    try:
        found = (await manager.stream_info(str(wanted.name))).config
    except nats.js.errors.NotFoundError:
        await manager.add_stream(wanted)
        return
    if (found.max_bytes, found.num_replicas) != (wanted.max_bytes, wanted.num_replicas):
        await manager.update_stream(wanted)


async def ensure_intake(client: Client, disk: int, replicas: int) -> None:
    """Make the centre's stream and intake's consumers where they are missing."""
    await ensure_stream(client, centre_stream(disk, replicas))
    manager = client.jsm(timeout=_TIMEOUT)
    for path, name in CONSUMERS.items():
        try:
            found = (await manager.consumer_info(CENTRE, name)).config.ack_wait
        except nats.js.errors.NotFoundError:
            found = None
        if found != ACK_WAIT:  # also where who took over was killed in that moment
            await manager.add_consumer(CENTRE, consumer(path))


async def take_over(client: Client) -> None:
    """Have given out at once what an intake that is gone was given. Raises nats.errors.Error.

    Each batch waits for its own time otherwise, which begins anew whenever the broker is told that
    it is worked on. An intake that lives gets some of it twice, which changes nothing.
    """
    manager = client.jsm(timeout=_TIMEOUT)
    infos = {path: await manager.consumer_info(CENTRE, name) for path, name in CONSUMERS.items()}
    given = [path for path, info in infos.items() if info.num_ack_pending]
    for path in given:
        await manager.add_consumer(CENTRE, consumer(path, _LAPSE))
    if given:
        await asyncio.sleep(4 * _LAPSE)
    for path in given:
        await manager.add_consumer(CENTRE, consumer(path))


async def behind(client: Client) -> int:
    """Batches at the centre that were not given to any intake yet. Raises nats.errors.Error."""
    manager = client.jsm(timeout=_TIMEOUT)
    infos = [await manager.consumer_info(CENTRE, name) for name in CONSUMERS.values()]
    return sum(info.num_pending or 0 for info in infos)
