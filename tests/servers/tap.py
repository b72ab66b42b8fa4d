"""Runs taps in processes of their own.

`python tap.py PACKETS_FD STATUS_FD` runs one, its TapSpec on standard input. `python tap.py FD`
forks one on each request from the SEQPACKET socket FD, as the zygote does: JSON `{"spec": ...}`
with three descriptors (packets, status, standard error), answered with the process's number, or
`{"wait": number}`, answered with its exit code.
"""

import json
import os
import socket
import sys
import traceback

import msgspec

from plainview.vision import tap
from plainview.vision.spec import TapSpec


def fork(spec: TapSpec, channel: socket.socket, descriptors: list[int]) -> int:
    """Run one tap; its number."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            channel.close()
            os.dup2(descriptors[2], 2)
            os.close(descriptors[2])
            tap.run(spec, *descriptors[:2])
            code = 0
        except BaseException:  # noqa: BLE001 - a forked child must never return into the loop
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def serve(fd: int) -> None:
    """Fork taps until the other end is closed."""
    with socket.socket(fileno=fd) as channel:
        while True:
            data, descriptors, _, _ = socket.recv_fds(channel, 1 << 16, 3)
            if not data:
                return
            request = json.loads(data)
            if "wait" in request:
                answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
            else:
                answer = fork(msgspec.convert(request["spec"], TapSpec), channel, descriptors)
            channel.send(str(answer).encode())


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    if len(numbers) == 1:
        serve(*numbers)
    else:
        tap.run(msgspec.json.decode(sys.stdin.buffer.read(), type=TapSpec), *numbers)
