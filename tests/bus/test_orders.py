"""Questions for stop orders over real servers: answered, cut off, and in no other site's name."""

import asyncio
import contextlib
import ssl
from collections.abc import Iterator

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from tests.servers.deployed import City
from tests.servers.nats import SERVER, until

from plainview.bus import Sender
from plainview.bus.address import read_address
from plainview.bus.orders import Answering, Asking
from plainview.errors import InputError

pytestmark = pytest.mark.skipif(not SERVER.exists(), reason=f"no NATS server: {SERVER} is missing")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A centre and a site, for all tests here."""
    city = City(tmp_path_factory.mktemp("nats") / "city")
    yield city
    city.close()


class Centre:
    """Answers with a number that it can be told, and remembers who asked what."""

    def __init__(self, city: City) -> None:
        """Answer at the centre of `city`."""
        self.asked: list[tuple[Sender, bytes]] = []
        self.number = b"0"
        self.looks = 0
        self.answering = Answering(read_address(city.intake_url), self.answer, self.look)

    def answer(self, sender: Sender, data: bytes) -> bytes:
        """The number."""
        self.asked.append((sender, data))
        return self.number

    def look(self) -> None:
        """Count."""
        self.looks += 1


class Site:
    """Asks, and remembers what it heard."""

    def __init__(self, city: City) -> None:
        """Ask at the site of `city`."""
        self.heard: list[bytes] = []
        self.wrong = b""
        self.asking = Asking(read_address(city.site_url), lambda: b"hello", self.hear)

    def hear(self, data: bytes) -> bool:
        """Keep it, or fail as one who cannot read it."""
        if data == self.wrong:
            raise InputError("it cannot be read")
        if data == b"defect":
            raise RuntimeError("nobody has foreseen this")
        self.heard.append(data)
        return False


@pytest.fixture
def centre(city: City) -> Iterator[Centre]:
    """Who answers."""
    with contextlib.ExitStack() as stack:
        centre = Centre(city)
        stack.callback(centre.answering.close)
        yield centre


@pytest.fixture
def site(city: City) -> Iterator[Site]:
    """Who asks."""
    with contextlib.ExitStack() as stack:
        site = Site(city)
        stack.callback(site.asking.close)
        yield site


def test_a_site_is_answered_and_the_centre_knows_which_it_is(centre: Centre, site: Site) -> None:
    """Through its own server, which is a leaf: the subject says who asks."""
    until(lambda: b"0" in site.heard)
    assert {sender.site for sender, _ in centre.asked} == {"plaza"}
    assert {data for _, data in centre.asked} == {b"hello"}
    until(lambda: site.asking.trouble == centre.answering.trouble == "")
    assert centre.looks > 0
    centre.number = b"1"
    until(lambda: site.heard[-1] == b"1")


@pytest.mark.parametrize(
    ("wrong", "why"), [(b"what is this", "cannot be read"), (b"defect", "RuntimeError")]
)
def test_an_answer_that_is_none_ends_nothing(
    centre: Centre, site: Site, wrong: bytes, why: str
) -> None:
    """It is told as the trouble until the next good one comes."""
    site.wrong = b"what is this"
    centre.number = wrong
    until(lambda: why in site.asking.trouble)
    centre.number = b"2"
    until(lambda: b"2" in site.heard and site.asking.trouble == "")


def test_a_site_that_was_cut_off_asks_again_by_itself(
    city: City, centre: Centre, site: Site
) -> None:
    """While the centre's server is gone that is told; once it is back so are the answers."""
    until(lambda: b"0" in site.heard)
    city.centre.kill()
    until(lambda: "does not answer" in site.asking.trouble)
    until(lambda: centre.answering.trouble != "")
    centre.number = b"3"
    city.centre.start()
    until(lambda: b"3" in site.heard)
    until(lambda: site.asking.trouble == centre.answering.trouble == "")


def test_a_site_key_asks_in_its_own_name_and_hears_its_own_answers(
    city: City, centre: Centre
) -> None:
    """It can neither answer as the centre, nor ask as another site, nor hear either of them."""
    district = read_address(city.site_url).sender.district
    asyncio.run(_as_a_thief(city, district))
    senders = [sender for sender, _ in centre.asked]
    assert set(senders) == {Sender(district, "plaza"), Sender(district, "quay")}
    said = [data for sender, data in centre.asked if sender.site == "quay"]
    assert said == [b"honest", b"honest"]


async def _connected(
    city: City, site: str, district: str, refused: list[str], url: str = ""
) -> Client:
    """A client with the key of `site`, at the centre or at `url`."""

    async def on_error(error: Exception) -> None:
        refused.append(str(error))

    client = Client()
    await client.connect(
        url or f"tls://127.0.0.1:{city.centre.port}",
        nkeys_seed=str(city.out / "sites" / site / "site.seed"),
        tls=None if url else ssl.create_default_context(cafile=city.out / "keys" / "ca.pem"),
        error_cb=on_error,
        inbox_prefix=f"_INBOX.{district}.{site}",
    )
    return client


async def _as_a_thief(city: City, district: str) -> None:
    refused: list[str] = []
    heard: list[str] = []
    own, other = (f"plainview.orders.{district}.{site}" for site in ("plaza", "quay"))

    async def on_message(message: Msg) -> None:
        heard.append(f"{message.subject} {message.data!r}")

    thief = await _connected(city, "plaza", district, refused)
    through = await _connected(city, "plaza", district, [], city.leaf.url)
    honest = await _connected(city, "quay", district, [])
    try:
        listened = (own, other, "plainview.orders.>", f"_INBOX.{district}.quay.>")
        for subject in listened:
            await thief.subscribe(subject, cb=on_message)
        for subject in (other, f"_INBOX.{district}.quay.>"):
            await through.subscribe(subject, cb=on_message)
        await through.flush()
        forged = (other, "plainview.orders", "plainview.stops", f"_INBOX.{district}.quay.r.1")
        for subject in forged:
            await thief.publish(subject, b"forged")
        async with asyncio.timeout(20):
            while len(refused) < len(listened) + len(forged):
                await thief.flush()
        assert (await honest.request(other, b"honest")).data == b"0"
        # An answer asked for at another's subject is no question of that other.
        for client in (thief, through):
            await client.publish(own, b"mine", reply=other)
            assert (await client.request(own, b"mine", timeout=10)).data == b"0"
        assert [one for one in heard if "honest" in one] == []
        # At the centre nothing is heard; through a server of its own, what it made that say.
        assert {one.partition(" ")[0] for one in heard} <= {other}
        await through.publish(other, b"forged")
        await through.flush()
        assert (await honest.request(other, b"honest")).data == b"0"
    finally:
        for client in (thief, through, honest):
            await client.close()
