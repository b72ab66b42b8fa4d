import json
import subprocess
import sys
from pathlib import Path

import pytest

TRIES = """
import ctypes, json, os, socket, sys, threading
from plainview.vision import confine
held = os.open(sys.argv[2], os.O_RDONLY)
missing = confine.confine(sys.argv[1])
def outcome(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"
def memory():
    try:
        bytearray(confine.MEMORY * 2)
    except MemoryError as error:
        raise PermissionError from error
print(json.dumps({"missing": missing} | {name: outcome(act) for name, act in {
    "held file": lambda: os.read(held, 10),
    "another file": lambda: open(sys.argv[3]).close(),
    "names and certificates": lambda: open("/etc/hosts").close(),
    "a new file": lambda: open(sys.argv[2] + ".new", "w").close(),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "socket": lambda: socket.socket().close(),
    "udp socket": lambda: socket.socket(type=socket.SOCK_DGRAM).bind(("127.0.0.1", 0)),
    "to listen": lambda: socket.create_server(("127.0.0.1", 0)).close(),
    "too much memory": memory,
    "a thread": lambda: threading.Thread(target=int).start(),
}.items()}))
"""


def tried(kind: str, folder: Path) -> dict[str, object]:
    """What a confined process could do."""
    one, other = folder / "one", folder / "other"
    one.write_text("one")
    other.write_text("other")
    done = subprocess.run(
        [sys.executable, "-c", TRIES, kind, one, other], capture_output=True, check=True, text=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    if any("Landlock" in str(part) for part in found["missing"]):  # type: ignore[attr-defined]
        pytest.skip("no Landlock in this kernel")
    assert found["missing"] == []
    return found


def test_a_tap_of_a_file_has_that_file_and_nothing_else(tmp_path: Path) -> None:
    """From inside: the open file is read; no other file, no socket, no program."""
    found = tried("file", tmp_path)
    assert found.pop("held file") == found.pop("a thread") == "done"
    assert found.pop("missing") == []
    assert set(found.values()) == {"PermissionError"}, found


@pytest.mark.parametrize("kind", ["rtsp", "http"])
def test_a_tap_of_a_camera_has_the_network_and_no_files(kind: str, tmp_path: Path) -> None:
    """From inside: it may call out and look names up.

    It reads no other file, writes nothing, runs nothing and listens to nobody.
    """
    found = tried(kind, tmp_path)
    allowed = {"held file", "names and certificates", "socket", "udp socket", "a thread"}
    assert {name for name, what in found.items() if what == "done"} == allowed
    assert {what for name, what in found.items() if name not in {*allowed, "missing"}} == {
        "PermissionError"
    }


RECORDER = """
import json, os, signal, socket, sys
from plainview.vision import confine
missing = confine.confine_to(sys.argv[1])
def outcome(act):
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "done"
print(json.dumps({"missing": missing} | {name: outcome(act) for name, act in {
    "a new file": lambda: open(sys.argv[1] + "/new", "x").close(),
    "its folder": lambda: os.listdir(sys.argv[1]),
    "another file": lambda: open(sys.argv[2]).close(),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "a process": lambda: os.fork(),
    "socket": lambda: socket.socket().close(),
    "another process's end": lambda: os.kill(os.getppid(), 0),
    "a pipe by name": lambda: os.mkfifo(sys.argv[1] + "/pipe"),
    "a link": lambda: os.symlink("/etc", sys.argv[1] + "/link"),
}.items()}))
"""


def test_a_recorder_has_its_folder_and_nothing_else(tmp_path: Path) -> None:
    """No other file, no network, no exec, no process, not even a signal to one."""
    folder, other = tmp_path / "vault", tmp_path / "other"
    folder.mkdir()
    other.write_text("other")
    command = [sys.executable, "-c", RECORDER, str(folder), str(other)]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    found = json.loads(done.stdout)
    if any("Landlock" in part for part in found["missing"]):
        pytest.skip("no Landlock in this kernel")
    assert found == {"missing": []} | {
        "a new file": "done",
        "its folder": "done",
        "another file": "PermissionError",
        "exec": "PermissionError",
        "a process": "PermissionError",
        "socket": "PermissionError",
        "another process's end": "PermissionError",
        "a pipe by name": "PermissionError",
        "a link": "PermissionError",
    }
