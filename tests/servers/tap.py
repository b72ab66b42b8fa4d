"""Runs one tap in a process of its own: `python tap.py PACKETS_FD STATUS_FD`, TapSpec on stdin."""

import sys

import msgspec

from plainview.vision import tap
from plainview.vision.spec import TapSpec

if __name__ == "__main__":
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=TapSpec)
    tap.run(spec, int(sys.argv[1]), int(sys.argv[2]))
