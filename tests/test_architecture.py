"""The walls of ARCHITECTURE.md: each holds, and each is shown to fail when it is breached."""

import ast
import functools
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
VISION = ROOT / "src" / "plainview" / "vision"
SOURCES = sorted((ROOT / "src" / "plainview").rglob("*.py"))


def _lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(command), "--no-logo", "--no-cache"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_contracts_hold() -> None:
    """Layers, the import wall and the way to vision are kept by the code as it stands."""
    done = _lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


WALL = "Import wall: only vision holds images"
WAY = "Only fleet starts vision"
LAYERS = "A folder stands above all that it imports"
GROUND = "The ground floor is pure: no network, no processes"
BREACHES = [
    ("web/breach_av.py", "av", WALL),
    ("breach_cv2.py", "cv2", WALL),
    ("fleet/breach_cv2.py", "cv2", WALL),
    ("evaluate/breach_onnx.py", "onnxruntime", WALL),
    ("synth/breach_av.py", "av", WALL),
    ("web/breach_packets.py", "plainview.vision.packets", WAY),
    ("evaluate/breach_vision.py", "plainview.vision", WAY),
    ("synth/breach_packets.py", "plainview.vision.packets", WAY),
    ("app/breach_packets.py", "plainview.vision.packets", WAY),
    ("web/breach_fleet.py", "plainview.fleet", LAYERS),
    ("bus/breach_store.py", "plainview.store", LAYERS),
    ("errors.py", "plainview.record", LAYERS),
    ("clock.py", "socket", GROUND),
]


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What import-linter says of each contract over a copy of the tree with all BREACHES."""
    root = _copy(tmp_path_factory.mktemp("breached"))
    for module, target, _ in BREACHES:
        _add(root, module, f"import {target}")
    done = _lint_imports(root)
    assert done.returncode != 0, done.stdout
    told = done.stdout.partition("Broken contracts")[2]
    parts = re.split(
        rf"^({'|'.join(map(re.escape, (WALL, WAY, LAYERS, GROUND)))})$", told, flags=re.MULTILINE
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def _copy(root: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", root)
    ignored = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(ROOT / "src", root / "src", ignore=ignored)
    return root


def _add(root: Path, module: str, line: str) -> None:
    with (root / "src" / "plainview" / module).open("a") as file:
        file.write(f"\n{line}\n")


@pytest.mark.parametrize(("module", "target", "contract"), BREACHES)
def test_a_breach_is_caught(
    breached: dict[str, str], module: str, target: str, contract: str
) -> None:
    """In a copy of the tree, a forbidden import is named under the contract that forbids it."""
    name = "plainview." + module.removesuffix(".py").replace("/", ".")
    assert f"{name} -> {target} (l." in breached[contract]
    others = [kept for kept in breached if kept != contract]
    assert not any(f"{name} -> {target} (l." in breached[other] for other in others)


def test_a_module_without_a_floor_is_caught(tmp_path: Path) -> None:
    """It is told as such, whatever it imports."""
    _add(_copy(tmp_path), "unlisted.py", "import plainview.errors")
    done = _lint_imports(tmp_path)
    assert done.returncode != 0
    assert "plainview.unlisted" in done.stdout.partition("not listed as layers")[2]


FORBIDDEN_NAMES = re.compile(
    r"FaceDetectorYN|FaceRecognizerSF|CascadeClassifier|cv2\.face|haarcascade|facenet|arcface|"
    r"insightface|mediapipe|face_recognition|deepface|torchreid|fastreid|openalpr|easyocr|"
    r"tesseract",
    re.IGNORECASE,
)


class _Told(NamedTuple):
    """What the tests here ask of one source file, read once."""

    docstring: str | None
    identifiers: frozenset[str]
    """Every name that the code can reach: variables, attributes and imports (not its words)."""
    imports: list[tuple[str, frozenset[str]]]
    """Each import: a module, and what is taken from it (nothing: the module itself)."""
    calls: list[ast.Call]


@functools.cache
def _told(source: Path) -> _Told:
    tree = ast.parse(source.read_text())
    names: set[str] = set()
    imports, calls = [], []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            taken = [alias.name for alias in node.names]
            names.update(taken)
            if isinstance(node, ast.ImportFrom):
                names.add(node.module or "")
                imports.append((node.module or "", frozenset(taken)))
            else:
                imports += [(name, frozenset[str]()) for name in taken]
        elif isinstance(node, ast.Call):
            calls.append(node)
    return _Told(ast.get_docstring(tree), frozenset(names), imports, calls)


def test_no_library_of_the_boundary_is_installed_or_called() -> None:
    """Nothing that recognises faces, plates or people again is a dependency or called."""
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    for package in lock["package"]:
        assert not FORBIDDEN_NAMES.search(package["name"]), package["name"]
    for source in SOURCES:
        for name in _told(source).identifiers:
            assert not FORBIDDEN_NAMES.search(name), f"{source} uses {name}"


def test_no_import_goes_around_the_walls() -> None:
    """No module imports by a computed name, which import-linter could not see."""
    for source in SOURCES:
        for node in _told(source).calls:
            name = ast.unparse(node.func)
            if name in {"eval", "exec"}:
                pytest.fail(f"{source}:{node.lineno} runs text as code")
            if name in {"__import__", "import_module", "importlib.import_module"}:
                inside = source.is_relative_to(VISION)
                literal = bool(node.args) and isinstance(node.args[0], ast.Constant)
                assert inside or literal, f"{source}:{node.lineno} imports by a computed name"
                walled = re.search(r"\b(av|cv2|onnxruntime|vision)\b", ast.unparse(node))
                assert inside or not walled, f"{source}:{node.lineno} goes around a wall"


def test_every_module_says_its_reason() -> None:
    """Each module opens with a docstring whose first line is a sentence."""
    for source in SOURCES:
        assert _told(source).docstring, f"{source} does not say why it exists"


def _importers(root: Path, module: str, name: str) -> set[str]:
    """Files under `root` that could reach `name` of `module`: by it, or by the module itself."""
    package, _, last = module.rpartition(".")
    wanted = {module: {name, "*"}, package: {last, "*"}}
    found = set()
    for source in sorted(root.rglob("*.py")):
        for target, names in _told(source).imports:
            if names & wanted.get(target, set()) or (target == module and not names):
                found.add(source.relative_to(root).as_posix())
    return found


WAYS = {
    # Whoever could run a lens or a tap without being asked by what: the process behind the gate.
    ("plainview.vision.lens", "run"): {"vision/zygote.py"},
    ("plainview.vision.tap", "run"): {"vision/zygote.py"},
    ("plainview.vision.zygote", "main"): set(),
    # Whoever could ask it: one function, which sends the claim along.
    ("plainview.vision.task", "Start"): {"fleet/zygote.py"},
    ("plainview.fleet.pipeline", "Pipeline"): {"fleet/camera.py", "fleet/clip.py"},
    # Whoever could say that something live is permitted: one class, which asks the permit first.
    ("plainview.vision.task", "Claim"): {
        "fleet/permission.py",
        "fleet/pipeline.py",
        "fleet/zygote.py",
    },
    ("plainview.fleet.permission", "Permission"): {
        "fleet/camera.py",
        "fleet/local.py",
        "fleet/placed.py",  # asked before a camera is given to a node, whose own fleet asks again
    },
    ("plainview.fleet.camera", "Camera"): {"fleet/local.py"},
    ("plainview.fleet.local", "LocalFleet"): {"fleet/node.py", "fleet/opening.py"},
    ("plainview.fleet", "open_fleet"): {"app/running.py"},
}


@pytest.mark.parametrize(("module", "name"), WAYS)
def test_there_is_one_way_to_a_running_lens(module: str, name: str) -> None:
    """Every step from what is permitted to what runs is taken in one place, and the gate is on it.

    tests/fleet/test_gate.py tries that place, and the register is folded from the entries that a
    grant must prove: so a running capability that is not in the register cannot be.
    """
    assert _importers(ROOT / "src" / "plainview", module, name) == WAYS[module, name]


@pytest.mark.parametrize(
    "line",
    [
        "from plainview.vision.lens import run",
        "from plainview.vision.lens import run as harmless",
        "from plainview.vision.lens import *",
        "from plainview.vision import lens",
        "import plainview.vision.lens",
        "def late():\n    import plainview.vision.lens as harmless",
    ],
)
def test_another_way_is_seen(tmp_path: Path, line: str) -> None:
    """However a module would reach past the gate, the test above tells of it."""
    (tmp_path / "around.py").write_text(f"{line}\n")
    assert _importers(tmp_path, "plainview.vision.lens", "run") == {"around.py"}


STARTERS = {
    "app/alarms.py",  # simulated days, one process for each core
    "app/clips.py",  # 'plainview measure', once for each clip
    "app/event_clips.py",  # the same, for clips with events
    "app/events.py",  # rendered scenes, one process for each core
    "app/simulation/gathered.py",  # a simulated city's generators and intake
    "app/simulation/servers.py",  # and its servers, to be killed
    "app/recording.py",  # makes the keys of a day, and ends
    "fleet/ray.py",  # a cluster on this machine
    "fleet/recording.py",  # the recorder, confined to the vault
    "fleet/release.py",  # a released film, from a sealed process
    "fleet/still.py",  # one picture of a file, for the person who calibrates
    "fleet/zygote.py",
    "synth/demo.py",  # renders the demonstration
    "vision/zygote.py",
}
"""Files that start processes at all."""


def test_nothing_else_starts_processes() -> None:
    """Whatever runs beside the program itself is started in one of a few known places."""
    forks = {"fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "popen", "Popen"}
    forks |= {"spawnv", "spawnl", "execv", "execve", "execvp"}
    found = set()
    for source in SOURCES:
        names = _told(source).identifiers
        if names & {"subprocess", "multiprocessing", "pty", *forks}:
            found.add(source.relative_to(ROOT / "src" / "plainview").as_posix())
    assert found == STARTERS
