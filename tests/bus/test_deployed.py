"""What `plainview deploy nats` writes, in real servers: stolen keys, cuts, a full disk, a loss."""

import asyncio
import shutil
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from tests.servers.deployed import CAMERA, SITE, SITES, City, deploy
from tests.servers.nats import (
    SERVER,
    NatsServer,
    ended,
    stamped,
    taken,
    times,
    until,
)
from tests.servers.receivers import free_port

from plainview.bus import Bus, open_bus
from plainview.bus.address import NatsAddress, read_address
from plainview.bus.nats import NatsBus
from plainview.cli import execute
from plainview.clock import SystemClock
from plainview.errors import ConfigError


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A centre and a site, for all tests here."""
    city = City(tmp_path_factory.mktemp("nats") / "city")
    yield city
    city.close()


class Ahead(SystemClock):
    """The machine's clock, that can be set ahead."""

    ahead = 0.0

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return super().monotonic() + self.ahead


def test_what_is_written_is_valid_and_secrets_are_ours_alone(tmp_path: Path) -> None:
    """Servers accept it; run again it keeps every key; no seed is readable or said."""
    servers = "a.example,b.example,c.example"
    deployed = deploy(tmp_path / "city", servers)
    for config in [
        *deployed.folder.glob("centre/*/server.conf"),
        *deployed.folder.rglob("leaf.conf"),
    ]:
        checked = subprocess.run(
            [SERVER, "-t", "-c", config.name], cwd=config.parent, capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
    seeds = {path: path.read_bytes() for path in deployed.folder.rglob("*.seed")}
    assert len(seeds) == 1 + len(SITES)
    secret = [*seeds, *deployed.folder.rglob("*.key"), *deployed.folder.rglob("key.conf")]
    secret += [*deployed.folder.rglob("routes.conf"), deployed.folder / "keys" / "authority.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    said = deployed.intake + str(deployed.sites) + (deployed.folder / "README.md").read_text()
    assert not any(seed.decode().strip() in said for seed in seeds.values())
    again = deploy(tmp_path / "city", servers)
    assert {path: path.read_bytes() for path in seeds} == seeds
    assert again.kept == len(seeds) + 2 + 3
    with pytest.raises(ConfigError, match="one, three or five"):
        deploy(tmp_path / "city", "a,b")


def test_the_command_writes_it_or_says_which_package_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`plainview deploy nats`, with what it stands on and without."""
    (tmp_path / "camera.toml").write_text('id = "one"\n' + CAMERA)
    (tmp_path / "city.toml").write_text(SITE.format("plaza"))
    command = ["deploy", "nats", str(tmp_path / "city.toml"), "--out", str(tmp_path / "out")]
    assert execute(command) == 0
    assert (tmp_path / "out" / "centre").is_dir()
    assert "named no more" not in capsys.readouterr().out
    # As the guide has it, before there is any key.
    bus = 'role = "centre"\nbus = "tls://a.example?creds=intake.seed&ca=ca.pem&replicas=1"\n'
    (tmp_path / "city.toml").write_text(bus + SITE.format("square"))
    assert execute([*command, "--servers", "a.example"]) == 0
    said = capsys.readouterr().out
    for left in ("centre/127.0.0.1", "sites/plaza"):
        assert f"{tmp_path / 'out' / left}: named no more, and left as it was." in said
        assert (tmp_path / "out" / left).is_dir()
    monkeypatch.setitem(sys.modules, "plainview.app.deploy", None)
    assert execute(command) == 2
    assert "which is not installed" in capsys.readouterr().err


def test_a_stolen_site_key_reads_nothing_and_speaks_for_nobody_else(city: City) -> None:
    """Neither straight at the centre nor through a server of the thief's own."""
    seed = city.out / "sites" / "plaza" / "site.seed"
    intake = open_bus(city.intake_url)
    intake.take(1, 0.0)
    bus = open_bus(bus_url(city, seed))
    bus.publish("plaza-1", stamped(1, "plaza-1"))
    assert [(d.camera, d.site) for d in taken(intake, 1)] == [("plaza-1", "plaza")]
    asyncio.run(_try_everything(city, seed, read_address(bus_url(city, seed)).sender.district))
    # Nothing of what was tried came in another's name, and nothing at the centre was changed.
    bus.publish("plaza-1", stamped(2, "plaza-1"))
    got = taken(intake, 1)
    assert {d.site for d in got} == {"plaza"}
    assert intake.stats().unreadable == 0
    until(lambda: intake.stats().poison == 6)  # What was sent, empty, with somebody else's answer.
    ended(bus)
    ended(intake)


def bus_url(city: City, seed: Path) -> str:
    """The address of the plaza's bus, straight at the centre."""
    return f"{city.centre_url}&creds={seed}&district=Old%20Town&site=plaza"


async def _try_everything(city: City, seed: Path, district: str) -> None:
    refused: list[str] = []
    heard: list[str] = []

    async def on_error(error: Exception) -> None:
        refused.append(str(error))

    async def on_message(message: object) -> None:
        heard.append(str(message))

    tls = ssl.create_default_context(cafile=city.out / "keys" / "ca.pem")
    own, other = f"plainview.readings.{district}.plaza", f"plainview.readings.{district}.quay"
    thief = Client()
    await thief.connect(
        f"tls://127.0.0.1:{city.centre.port}",
        nkeys_seed=str(seed),
        tls=tls,
        error_cb=on_error,
        inbox_prefix=f"_INBOX.{district}.plaza",
    )
    through = await nats.connect(
        city.leaf.url, nkeys_seed=str(seed), inbox_prefix=f"_INBOX.{district}.plaza"
    )
    api = (
        "$JS.API.STREAM.INFO.PLAINVIEW",
        "$JS.API.STREAM.MSG.GET.PLAINVIEW",
        "$JS.API.STREAM.NAMES",
    )
    try:
        for subject in (">", "plainview.>", own, other, "_INBOX.>", "$JS.>", "$SYS.>"):
            await thief.subscribe(subject, cb=on_message)
        for subject in (other, f"plainview.late.{district}.quay", "plainview.x", *api):
            await thief.publish(subject, b"forged")
        async with asyncio.timeout(20):
            while len(refused) < 7 + 3 + len(api):
                await thief.flush()
        for subject in api:
            with pytest.raises((nats.errors.TimeoutError, nats.errors.NoRespondersError)):
                await thief.request(subject, b"", timeout=0.05)
            with pytest.raises((nats.errors.TimeoutError, nats.errors.NoRespondersError)):
                await through.request(subject.replace("API", "centre.API"), b"", timeout=0.05)
        # An answer that is asked for in another's name would be a request in the server's own.
        for subject in (other, "$JS.API.STREAM.PURGE.PLAINVIEW", "$JS.API.STREAM.DELETE.PLAINVIEW"):
            await thief.publish(own, b"", reply=subject)
            await through.publish(own, b"", reply=subject)
        await through.publish(other, b"forged")
        await through.publish(f"plainview.late.{district}.quay", b"forged")
        await thief.flush()
        await through.flush()
        assert heard == []
    finally:
        await thief.close()
        await through.close()


def test_a_wrong_key_is_told_at_once(city: City, tmp_path: Path) -> None:
    """Not a warning in a log, but one line: the operator has just written the address."""
    other = deploy(tmp_path / "other", "127.0.0.1").folder
    with pytest.raises(ConfigError, match="refuses this connection"):
        open_bus(f"{city.centre_url}&creds={other / 'keys' / 'intake.seed'}")
    ca = city.out / "keys" / "ca.pem"
    stranger = city.intake_url.replace(str(ca), str(other / "keys" / "ca.pem"))
    with pytest.raises(ConfigError, match="refuses this connection"):
        open_bus(stranger)


def _all_confirmed(site: NatsBus) -> bool:
    """Whether the site knows that the centre has all that its own server has."""
    leaf = site._leaf
    if leaf is None or leaf._confirmed is None or leaf._end == 0:
        return False
    return leaf._confirmed.backlog(leaf._end) == 0


def test_a_site_that_is_cut_off_keeps_measuring_and_sends_it_later(city: City) -> None:
    """Hours without the centre, a restart of the site's process: all of it comes, live first."""
    clock = Ahead()
    address: NatsAddress = read_address(city.site_url)
    intake: Bus = open_bus(city.intake_url)
    intake.take(1, 0.0)
    site = NatsBus(address, clock=clock)
    site.publish("plaza-1", stamped(1))
    assert times(taken(intake, 1)) == [1]
    until(lambda: _all_confirmed(site))  # the centre's answer may come after intake's Readings
    city.centre.kill()
    for t in range(10, 15):
        site.publish("plaza-1", stamped(t))
        until(lambda: site.stats().waiting == 0)
    ended(site)
    site = NatsBus(address, clock=clock)
    site.publish("plaza-1", stamped(15))
    until(lambda: site.stats().waiting == 0)
    clock.ahead += 60
    until(lambda: site.stats().backlog >= 6 and "keeps its batches" in site.stats().trouble)
    city.centre.start()
    until(lambda: site.stats().backlog == 0)
    site.publish("plaza-1", stamped(20))
    got: list[int] = []
    while len(got) < 7 and (more := taken(intake, 1)):
        # That intake has the first was on its way as the centre was killed: it may come again.
        got += [t for t in times(more) if t != 1]
    assert sorted(got) == [*range(10, 16), 20]
    assert [t for t in got if t < 20] == [*range(10, 16)]
    stats = site.stats()
    assert (stats.late, stats.dropped, stats.trouble) == (6, 0, "")
    assert intake.take(1, 0.1) == []
    ended(site)
    ended(intake)


def test_a_full_site_drops_the_oldest_and_says_how_many(city: City) -> None:
    """The disk's share is a bound: what was lost is counted, and the newest is there."""
    city.centre.kill()
    address = read_address(city.site_url)
    site = NatsBus(address)
    site.publish("plaza-1", stamped(101))
    until(lambda: site.stats().waiting == 0)
    until(lambda: site._leaf is not None and site._leaf._confirmed is not None)

    async def fill() -> None:
        seed = str(address.creds)
        async with await nats.connect(city.leaf.url, nkeys_seed=seed) as client:
            for _ in range(5):
                subject = f"plainview.readings.{address.sender.district}.plaza"
                await client.request(subject, bytes(900_000), timeout=10)

    asyncio.run(fill())
    site.publish("plaza-1", stamped(102))
    until(lambda: site.stats().waiting == 0)
    until(lambda: site.stats().dropped == 2)
    city.centre.start()
    intake = open_bus(city.intake_url)
    got: list[int] = []
    # What an earlier intake took may come again: that it has it was lost with the centre's server.
    while 102 not in got and (more := taken(intake, 1)):
        got += times(more)
    assert 102 in got
    assert 101 not in got
    assert intake.stats().poison == 4
    ended(site)
    ended(intake)


def test_a_cluster_of_three_loses_one_and_nothing_else(tmp_path: Path) -> None:
    """What was acknowledged to the site is there, and what is sent meanwhile comes."""
    hosts = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    out = deploy(tmp_path / "city", ",".join(hosts)).folder
    ports = [int(host.partition(":")[2]) for host in hosts]
    servers = [
        NatsServer(out / "centre" / f"127.0.0.1-{port}", "server.conf", port=port) for port in ports
    ]
    keys = out / "keys"
    seed = out / "sites" / "quay" / "site.seed"
    url = f"tls://{','.join(hosts)}?ca={keys / 'ca.pem'}&linger=0.01"
    intake = open_bus(f"{url}&creds={keys / 'intake.seed'}&replicas=3")
    intake.take(1, 0.0)
    site = open_bus(f"{url}&creds={seed}&district=Old%20Town&site=quay")
    for t in range(20):
        site.publish("quay-1", stamped(t))
    until(lambda: site.stats().waiting == 0)
    servers[0].kill()
    for t in range(20, 40):
        site.publish("quay-1", stamped(t))
    assert set(times(taken(intake, 40))) == set(range(40))
    ended(site)
    ended(intake)
    for server in servers:
        server.kill()
    shutil.rmtree(out)
