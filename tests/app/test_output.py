"""Measurements appear whole or not at all."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow.parquet as pq
import pytest

from plainview.app.output import open_sink, replaced
from plainview.errors import InputError, PlainviewError

HEADER: Mapping[str, Any] = {"plainview": "0", "camera": "a", "every": 1.0, "sealed": True}
INTERVAL: Mapping[str, Any] = {
    "t": 1.0,
    "count": 2.0,
    "low": 1.0,
    "high": 3.5,
    "cells": [[0, 0, 0.5, 1.0, 0.0, 0.25], [3, 1, 1.5, -1.0, 0.5, 0.0]],
    "crossings": {"gate": [1.0, 0.25]},
    "health": ["dark"],
    "events": [
        {
            "kind": "density",
            "phase": "start",
            "t": 0.5,
            "at": [1.0, 2.0],
            "zone": None,
            "confidence": 0.5,
        }
    ],
}


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class _Stop(Exception):
    """Something that goes wrong while measuring."""


def test_json_lines_go_to_the_file_whole(tmp_path: Path) -> None:
    """Header, then intervals, one per line; nothing else is left in the folder."""
    out = tmp_path / "a.jsonl"
    with open_sink(out, ["gate"]) as sink:
        sink.header(HEADER)
        sink.interval(INTERVAL)
        assert not out.exists()
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines == [HEADER, INTERVAL]
    assert _names(tmp_path) == ["a.jsonl"]


def test_parquet_has_a_row_per_interval_and_the_header(tmp_path: Path) -> None:
    """The flat columns hold what the lines hold, and the header is the file's metadata."""
    out = tmp_path / "a.parquet"
    with open_sink(out, ["gate"]) as sink:
        sink.header(HEADER)
        for k in range(1500):
            sink.interval({**INTERVAL, "t": float(k)})
    table = pq.read_table(out)
    assert table.num_rows == 1500
    assert json.loads(table.schema.metadata[b"plainview"]) == HEADER
    row = table.slice(1499, 1).to_pylist()[0]
    assert row["t"] == 1499.0
    assert row["gate.forward"] == 1.0
    assert row["gate.backward"] == 0.25
    assert row["ix"] == [0, 3]
    assert row["density"] == [0.5, 1.5]
    assert row["health"] == ["dark"]
    assert row["events"][0]["at"] == [1.0, 2.0]
    assert row["events"][0]["zone"] is None


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_failure_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    """An older file stays as it was, and no part of the new one remains."""
    out = tmp_path / name
    out.write_text("older")
    with contextlib.suppress(_Stop), open_sink(out, ["gate"]) as sink:
        sink.header(HEADER)
        sink.interval(INTERVAL)
        raise _Stop
    assert out.read_text() == "older"
    assert _names(tmp_path) == [name]


def test_an_interval_without_crossings_has_none(tmp_path: Path) -> None:
    """A Reading of a lost camera has no crossings: null, never zero."""
    out = tmp_path / "a.parquet"
    with open_sink(out, ["gate"]) as sink:
        sink.header(HEADER)
        sink.interval({**INTERVAL, "crossings": {}})
    assert pq.read_table(out)["gate.forward"].to_pylist() == [None]


def test_places_that_cannot_be_written_are_wrong_input(tmp_path: Path) -> None:
    """A folder, a folder that is not there, a path below a file: one line, before any work."""
    (tmp_path / "file").touch()
    for out in (tmp_path, tmp_path / "none" / "a.jsonl", tmp_path / "file" / "a.jsonl"):
        with pytest.raises(InputError) as caught, open_sink(out, []):
            pytest.fail("it was opened")
        assert str(out) in caught.value.line()
    assert _names(tmp_path) == ["file"]


def test_a_full_device_is_one_clear_line() -> None:
    """Writing to a full disk fails by name."""
    with (
        pytest.raises(PlainviewError, match="the disk is full"),
        open_sink(Path("/dev/full"), []) as sink,
    ):
        sink.header(HEADER)


def test_a_device_is_written_directly() -> None:
    """A device is not replaced by a file."""
    with open_sink(Path(os.devnull), []) as sink:
        sink.header(HEADER)
    assert Path(os.devnull).is_char_device()


def test_an_open_pipe_is_written_to_by_its_name() -> None:
    """`--out /dev/stdout | …`: what the name leads to is a pipe, which has no path of its own."""
    reading, writing = os.pipe()
    with open_sink(Path(f"/dev/fd/{writing}"), []) as sink:
        sink.header(HEADER)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert json.loads(pipe.read()) == HEADER


def test_what_is_no_file_is_never_replaced_by_one(tmp_path: Path) -> None:
    """Run by root, a film or a map in place of /dev/null is there for the whole machine."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for place, what in ((pipe, "this is a device"), (tmp_path, "this is a folder")):
        with pytest.raises(InputError, match=what), replaced(place) as part:
            part.write_text("new")
    assert pipe.is_fifo()
    assert _names(tmp_path) == ["pipe"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What a link points to is replaced, not the link."""
    (tmp_path / "link").symlink_to("target")
    with replaced(Path(os.path.realpath(tmp_path / "link"))) as part:
        part.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


class _Stopped(BaseException):
    """Stands for what a signal's handler raises."""


def _stopped_after(steps: int, target: Path) -> bool:
    """Have a part beside `target`, stopped at the `steps`-th step of making it; whether it was."""
    left = steps

    def trace(frame: FrameType, event: str, _argument: object) -> Callable[..., Any] | None:
        nonlocal left
        if Path(frame.f_code.co_filename).name not in {"output.py", "contextlib.py"}:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise _Stopped
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with replaced(target):
            sys.settrace(before)
    except _Stopped:
        return True
    finally:
        sys.settrace(before)
    return False


def test_a_signal_between_any_two_steps_leaves_no_part(tmp_path: Path) -> None:
    """Wherever a stop falls while a file is begun, no part of it stays behind."""
    steps = 1
    while _stopped_after(steps, tmp_path / "out.jsonl"):
        assert _names(tmp_path) == [], f"stopped at step {steps}"
        steps += 1
    assert steps > 100
    assert _names(tmp_path) == ["out.jsonl"]
