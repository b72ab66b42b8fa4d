"""What nobody should send: batches that are none, that are forged, old, or of a wrong time."""

import asyncio
from collections.abc import Sequence

import msgspec
import nats
import zstandard

from plainview.bus import wire
from plainview.record import encode
from plainview.synth.city.shape import City
from plainview.synth.city.voice import Voice

Parcel = tuple[str, bytes, str]
"""(subject, bytes, message id; empty: none)."""

_HOUR, _TWO_DAYS = 3_600_000, 2 * 86_400_000
_OLDER = 3
"""Seconds that what is played again is old."""
_PUBLISHER = 0xBAD


def send(url: str, parcels: Sequence[Parcel]) -> None:
    """Publish `parcels` at `url`, and wait until the server has them."""

    async def publish() -> None:
        client = await nats.connect(url)
        for subject, data, name in parcels:
            await client.publish(subject, data, headers={"Nats-Msg-Id": name} if name else None)
        await client.flush()
        await client.close()

    asyncio.run(publish())


def malformed(city: City) -> list[Parcel]:
    """Bytes that are no batch, a batch of Readings that are none, and a bomb."""
    subject = _subject(city, 0)
    noise = bytes(range(256)) * 4
    compress = zstandard.ZstdCompressor(level=1).compress
    name = city.name(0)
    spoilt = (b"\x9e", b"", noise, b"\x9e\x00" + b"\xa1a" * 13)
    batches = [
        wire.Batch(1, _PUBLISHER, k, (name,), (0,), (data,)) for k, data in enumerate(spoilt)
    ]
    uneven = wire.Batch(1, _PUBLISHER, 99, (name,), (), ())
    later = msgspec.msgpack.encode([2, _PUBLISHER, 100, [], [], [], []])
    told = [
        b"",
        noise,
        compress(noise),
        compress(bytes(wire.MAX_PLAIN + 1)),
        wire.pack(uneven),
        compress(later),
        wire.pack(batches[0])[:-3],
        *(wire.pack(one) for one in batches),
    ]
    return [(subject, data, "") for data in told]


def forged(voice: Voice, second: int) -> list[Parcel]:
    """The first site's key speaks for the cameras of the next, and for one that is not there."""
    city = voice.city
    cameras = [*range(city.per_site, min(2 * city.per_site, city.cameras))]
    data = [voice.speak(camera, second)[1] for camera in cameras]
    names = [city.name(camera) for camera in cameras]
    nowhere = wire.Batch(1, _PUBLISHER, 200, ("nowhere",), (1 << 50,), tuple(data or [b""])[:1])
    stolen = wire.Batch(1, _PUBLISHER, 201, tuple(names), (1 << 50,) * len(names), tuple(data))
    subject = _subject(city, 0)
    return [(subject, wire.pack(stolen), ""), (subject, wire.pack(nowhere), "")]


def replayed(voice: Voice, second: int) -> list[Parcel]:
    """What the first sites said a few seconds ago, under names that the broker does not know."""
    city = voice.city
    found = []
    for site in range(min(city.sites, 20)):
        cameras = _cameras(city, site)
        for k in range(max(second - _OLDER, 0), second):
            data = tuple(voice.speak(camera, k)[1] for camera in cameras)
            names = tuple(city.name(camera) for camera in cameras)
            batch = wire.Batch(
                1, _PUBLISHER, 1000 * k + site + 1000, names, (0,) * len(names), data
            )
            found.append((_subject(city, site), wire.pack(batch), ""))
    return found


def stepped(voice: Voice, second: int) -> list[Parcel]:
    """The first site with its clock an hour ahead, and then two days behind."""
    city = voice.city
    cameras = _cameras(city, 0)
    names = tuple(city.name(camera) for camera in cameras)
    found = []
    for number, by in enumerate((_HOUR, -_TWO_DAYS)):
        said = [voice.speak(camera, second)[0] for camera in cameras]
        data = tuple(encode(msgspec.structs.replace(one, t=one.t + by, events=())) for one in said)
        batch = wire.Batch(1, _PUBLISHER, 300 + number, names, (0,) * len(names), data)
        found.append((_subject(city, 0), wire.pack(batch), ""))
    return found


def _cameras(city: City, site: int) -> range:
    return range(site * city.per_site, min((site + 1) * city.per_site, city.cameras))


def _subject(city: City, site: int) -> str:
    name, district = next(
        (name, district) for k, (name, district) in enumerate(city.districts()) if k == site
    )
    return wire.subject(district, name)
