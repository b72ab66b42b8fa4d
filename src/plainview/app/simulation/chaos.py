"""Faults, one after another, while a city speaks: each is held a moment, and its end awaited."""

import time
from collections.abc import Callable, Collection
from typing import Final, NamedTuple, Protocol

from plainview.app.simulation.gathered import Gathered
from plainview.app.simulation.proxy import Proxy
from plainview.app.simulation.report import Recovery
from plainview.app.simulation.servers import NATS, POSTGRES, Nats, Postgres
from plainview.app.simulation.speaking import LEAF_SITES
from plainview.clock import Clock
from plainview.synth.city.voice import Voice

LEAF_CUT: Final = "leaf link cut"
_DOWN = 0.5
"""Seconds that a killed server stays away: about what a service manager takes."""
_FULL = 3.0
"""Seconds for which the disk stays full, and for which a link stays cut."""
_FULL_AT = 18 * 2**20
"""Bytes past which no file may grow then: a segment of the database's log fits, no table does."""
_GIVE_UP = 45.0
"""Seconds after which a fault is not waited for any more."""
_BEFORE = 20.0
"""Seconds before a fault whose Readings may still be under way when it comes."""
_LOOK = 0.5


class Rig(Protocol):
    """What faults are done to."""

    @property
    def voice(self) -> Voice:
        """What the city says, from its beginning on."""
        ...

    @property
    def gathered(self) -> Gathered:
        """What the processes have said."""
        ...

    @property
    def broker(self) -> Nats:
        """The bus's server."""
        ...

    @property
    def database(self) -> Postgres:
        """The store's server."""
        ...

    def is_kept(self, since: int, until: int) -> bool:
        """Whether all that was said with since < t <= until (UTC milliseconds) is in the store."""
        ...

    @property
    def link(self) -> Proxy:
        """Between the leaf and the centre."""
        ...

    def kill_intake(self) -> None:
        """SIGKILL intake, and start it again."""
        ...


class Fault(NamedTuple):
    """One thing that goes wrong."""

    name: str
    do: Callable[[Rig], str]
    """Returns when it is over, with what there is to note."""
    needs: str = NATS
    """The address that the simulation must have been given for it."""
    held: float = 0.0
    """Seconds for which it is held on purpose; all beyond is part of the recovery."""


def run(
    rig: Rig, clock: Clock, seconds: int, names: Collection[str], say: Callable[[str], None]
) -> list[Recovery]:
    """Do the faults `names`, spread over `seconds`, each when the one before is over."""
    base = rig.voice.base / 1000
    wanted = [fault for fault in FAULTS if fault.name in names]
    found = []
    for number, fault in enumerate(wanted):
        at = base + seconds * (0.08 + 0.84 * number / len(wanted))
        clock.sleep(max(at - clock.utc(), 0.0))
        found.append(_done(rig, clock, fault))
        told = "not recovered" if found[-1].recovered is None else f"{found[-1].recovered} s"
        say(f"{fault.name}: {told}")
    return found


def _done(rig: Rig, clock: Clock, fault: Fault) -> Recovery:
    """Do one; wait until all that was said before its end is stored, and what is new is at once."""
    began = clock.utc()
    note = fault.do(rig)
    over = clock.utc()
    since = int((began - _BEFORE) * 1000), int(over * 1000)
    well = None
    while well is None and clock.utc() < over + _GIVE_UP:
        clock.sleep(_LOOK)
        if rig.gathered.well_since(over) is not None and rig.is_kept(*since):
            well = clock.utc()
    recovered = None if well is None else round(well - began - fault.held, 2)
    return Recovery(
        fault.name, round(began - rig.voice.base / 1000, 1), fault.held, recovered, note
    )


def _second(rig: Rig) -> int:
    """The last whole second that every camera has spoken of."""
    return max(rig.gathered.spoken.seconds - 1, 0)


def _malformed(rig: Rig) -> str:
    from plainview.app.simulation import hostile  # noqa: PLC0415 - needs the extra `city`

    parcels = hostile.malformed(rig.voice.city)
    hostile.send(rig.broker.url, parcels)
    return f"{len(parcels)} batches"


def _forged(rig: Rig) -> str:
    from plainview.app.simulation import hostile  # noqa: PLC0415 - as above

    parcels = hostile.forged(rig.voice, _second(rig))
    hostile.send(rig.broker.url, parcels)
    return "in the name of another site's cameras, with a fence beyond theirs"


def _replayed(rig: Rig) -> str:
    from plainview.app.simulation import hostile  # noqa: PLC0415 - as above

    parcels = hostile.replayed(rig.voice, _second(rig))
    hostile.send(rig.broker.url, parcels)
    return f"{len(parcels)} batches"


def _stepped(rig: Rig) -> str:
    from plainview.app.simulation import hostile  # noqa: PLC0415 - as above

    hostile.send(rig.broker.url, hostile.stepped(rig.voice, _second(rig)))
    return "an hour ahead, two days behind"


def _intake(rig: Rig) -> str:
    rig.kill_intake()
    return "SIGKILL, started again"


def _broker(rig: Rig) -> str:
    rig.broker.kill()
    time.sleep(_DOWN)
    rig.broker.start()
    return f"SIGKILL, started again after {_DOWN} s"


def _database(rig: Rig) -> str:
    rig.database.kill()
    time.sleep(_DOWN)
    rig.database.start()
    return f"SIGKILL of all its processes, started again after {_DOWN} s"


def _full(rig: Rig) -> str:
    rig.database.fill(_FULL_AT)
    time.sleep(_FULL)
    rig.database.empty()
    if not rig.database.processes():
        rig.database.start()
    return f"no file of the database may grow past {_FULL_AT >> 20} MiB"


def _cut(rig: Rig) -> str:
    rig.link.cut()
    time.sleep(_FULL)
    rig.link.mend()
    return f"{LEAF_SITES} sites are behind it"


FAULTS: Final = (
    Fault("malformed batches", _malformed),
    Fault("forged batches", _forged),
    Fault("old batches again", _replayed),
    Fault("clock step at a site", _stepped),
    Fault("intake killed", _intake, "intake"),
    Fault("broker killed", _broker),
    Fault(LEAF_CUT, _cut, held=_FULL),
    Fault("database killed", _database, POSTGRES),
    Fault("disk full", _full, POSTGRES, _FULL),
)
"""In the order in which they are done."""
