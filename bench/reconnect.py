"""Seconds until a camera is back after its stream returns, over several kills of a real server.

`python bench/reconnect.py [KILLS]`. The server is GStreamer's (tests/servers/rtsp.py), killed with
SIGKILL and started again after a while that differs; the time runs from the moment that the server
serves again to the first packet that a lens gets.
"""

import os
import random
import select
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from plainview.vision.packets import HEADER, Packet, length, parse
from plainview.vision.spec import TapSpec

ROOT = Path(__file__).parents[1]
PEER, BUDGET, AIM = 60.0, 10.0, 3.0
OUTAGES = (0.5, 20.0)
"""Seconds that the server is away, at least and at most."""
KILLS = 10


def serve(port: int) -> "subprocess.Popen[bytes]":
    """Start the server, and wait until it serves."""
    server = subprocess.Popen(
        ["/usr/bin/python3", ROOT / "tests" / "servers" / "rtsp.py", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if server.stdout is None or not server.stdout.readline().startswith(b"ready"):
        sys.exit("reconnect: no GStreamer RTSP server here; see the Makefile for its packages")
    return server


def packet_times(pipe: int, until: float, buffer: bytearray) -> list[float]:
    """When packets came, listening until the moment `until` or the first one after it began."""
    times: list[float] = []
    while not times and (left := until - time.monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            break
        buffer += os.read(pipe, 1 << 16)
        while len(buffer) >= HEADER.size:
            size = HEADER.size + length(bytes(buffer[: HEADER.size]))
            if len(buffer) < size:
                break
            if isinstance(parse(bytes(buffer[HEADER.size : size])), Packet):
                times.append(time.monotonic())
            del buffer[:size]
    return times


def main() -> None:
    """Measure and print one table."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    packets, packets_in = os.pipe()
    status_in = os.open(os.devnull, os.O_WRONLY)
    server = serve(port)
    tap = subprocess.Popen(
        [sys.executable, ROOT / "tests" / "servers" / "tap.py", str(packets_in), str(status_in)],
        stdin=subprocess.PIPE,
        pass_fds=(packets_in, status_in),
    )
    os.close(packets_in)
    if tap.stdin is not None:
        tap.stdin.write(msgspec.json.encode(TapSpec(source=f"rtsp://127.0.0.1:{port}/cam")))
        tap.stdin.close()
    buffer = bytearray()
    if not packet_times(packets, time.monotonic() + 30, buffer):
        sys.exit("reconnect: no picture at all within 30 s")
    waits: list[float] = []
    generator = random.Random(1)  # noqa: S311 - the same outages each time
    for _ in range(kills):
        away = generator.uniform(*OUTAGES)
        server.kill()
        server.wait()
        end = time.monotonic() + away
        while time.monotonic() < end:
            packet_times(packets, end, buffer)
        server = serve(port)
        back = time.monotonic()
        came = packet_times(packets, back + PEER, buffer)
        waits.append(came[0] - back if came else float("inf"))
        print(f"  away {away:5.1f} s, back after {waits[-1]:5.2f} s", flush=True)
    tap.kill()
    tap.wait()
    server.kill()
    server.wait()
    ordered = sorted(waits)
    print(f"\nreconnect after {kills} kills (s)   peer  budget   aim   median   p90    max")
    p90 = ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]
    middle = statistics.median(ordered)
    print(
        f"{'camera back after its stream returns':31} {PEER:6.0f} {BUDGET:7.0f} {AIM:5.0f} "
        f"{middle:8.2f} {p90:5.2f} {ordered[-1]:6.2f}"
    )


if __name__ == "__main__":
    main()
