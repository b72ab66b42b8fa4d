"""The joined parts in one process: a clock that is set, a port that is taken, what is amiss."""

import time
from pathlib import Path

import httpx
import pytest
from msgspec import structs
from tests.app.permitted import permit
from tests.servers.nats import SERVER, NatsServer, until

from plainview.app.running import Running
from plainview.clock import SystemClock
from plainview.config import CityConfig, load_city
from plainview.errors import InputError
from plainview.record import LensState
from plainview.web.desk import CameraEdge
from plainview.web.edge import Role


class _SetClock(SystemClock):
    """The machine's clock, which somebody sets."""

    off = 0.0

    def utc(self) -> float:
        """UTC as it was set."""
        return super().utc() + self.off


def _until_stored(running: Running, readings: int) -> None:
    """Wait until intake has stored so many; fails after a minute."""
    late = time.monotonic() + 60
    version = running.store.version()
    while running.intake.stats().stored < readings:
        assert time.monotonic() < late, "waited in vain"
        version = running.store.wait(version, 1.0)


@pytest.fixture
def config(city: Path) -> CityConfig:
    """The city on a free port."""
    return structs.replace(load_city(city), port=0)


def test_clock_steps_lose_nothing(config: CityConfig, city: Path, tmp_path: Path) -> None:
    """UTC set two hours ahead and then back: Readings go on being stored, none is refused."""
    clock = _SetClock()
    permit(city, tmp_path)
    with Running(config, tmp_path, clock) as running:
        running.start_cameras()
        for off in (0.0, 7200.0, -7200.0):
            clock.off = off
            _until_stored(running, running.intake.stats().stored + 3)
        stats = running.intake.stats()
        assert stats.refused == 0
        assert stats.failed == 0
        assert stats.bus.refused == 0
        assert running.measured
        assert running.idle == ""


def test_a_port_that_is_taken_stops_everything_else(config: CityConfig, tmp_path: Path) -> None:
    """Store, intake and fleet are taken down again. The other one says why no camera runs."""
    with Running(config, tmp_path / "one", SystemClock()) as running:
        running.governor.turn()
        assert "no approved assessment covers this camera. Write one: see" in running.idle
        taken = structs.replace(config, port=running.web.port)
        with pytest.raises(InputError, match="the port is in use"):
            Running(taken, tmp_path / "two", SystemClock())


@pytest.mark.parametrize("role", ["all", "site"])
def test_a_video_that_is_over_is_told_as_ended(city: Path, tmp_path: Path, role: Role) -> None:
    """It may run and was started, and nothing comes of it: desk, view and register say that."""
    camera = city.with_name("yard.toml")
    camera.write_text(camera.read_text().replace("loop = true\n", ""))
    permit(city, tmp_path)
    over = structs.replace(load_city(city), port=0, role=role)
    with Running(over, tmp_path, SystemClock()) as running:
        running.start_cameras()

        def told() -> CameraEdge:
            (yard,) = (one for one in running.desk.cameras() if one.camera == "yard")
            return yard

        until(lambda: told().lens is LensState.ENDED)
        assert (told().state, told().note) == ("running", "its video is over")
        stands = running.views.stands("yard")
        assert (stands.running, stands.why) == (False, "its video is over")
        until(lambda: _connected(running) is False)


def _connected(running: Running) -> bool | None:
    """What the register says of the camera's picture."""
    (yard,) = (one for one in running.registry.register().cameras if one.id == "yard")
    return yard.connected


def _amiss(running: Running) -> list[tuple[str, str]]:
    """The parts in trouble and why, as the console is told."""
    told = httpx.get(f"{running.url}api/v1/troubles", timeout=60).json()
    return [(one["part"], one["why"]) for one in told]


@pytest.mark.skipif(not SERVER.exists(), reason=f"no NATS server: {SERVER} is missing")
def test_a_bus_that_goes_away_is_told_until_it_is_back(config: CityConfig, tmp_path: Path) -> None:
    """Whoever looks at the console sees that nothing gets through, and why; then that it does."""
    server = NatsServer(tmp_path / "nats")
    try:
        over = structs.replace(config, bus=server.url, simulated=True)
        with Running(over, tmp_path / "state", SystemClock()) as running:
            until(lambda: _amiss(running) == [])
            server.kill()
            until(lambda: [part for part, _ in _amiss(running)] == ["bus"])
            assert _amiss(running)[0][1]
            server.start()
            until(lambda: _amiss(running) == [])
    finally:
        server.kill()


def test_a_city_file_that_cannot_be_used_is_told_until_it_can(
    config: CityConfig, city: Path, tmp_path: Path
) -> None:
    """The cameras go on as they were, and the console says which line of the file is wrong."""
    good = city.read_text()
    with Running(structs.replace(config, simulated=True), tmp_path, SystemClock()) as running:

        def told() -> list[tuple[str, str]]:
            running.look()
            return _amiss(running)

        assert told() == []
        city.write_text(f"nonsense = 1\n{good}")
        until(lambda: [part for part, _ in told()] == ["files"])
        assert "nonsense" in told()[0][1]
        city.write_text(f"{good}\n")
        until(lambda: told() == [])
