"""The stop switch: one stops, two start again, and a full ledger stops nobody from stopping."""

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.governance.offices import CONTROLLER, OFFICER, OPERATOR, SEEN, SUPERVISOR, grant
from tests.governance.offices import open_office as opened

from plainview.errors import AccessRefused, BoundaryError, InputError, LedgerError
from plainview.governance import cameras
from plainview.governance.cameras import Stopped, permit_for
from plainview.governance.capability import MEASURING
from plainview.governance.office import Office
from plainview.governance.order import OrderRefused, Refusal, StopOrder, order_of, ordered
from plainview.governance.person import Person, Role
from plainview.governance.standing import Ordered
from plainview.governance.switch import Switch
from plainview.governance.waiting import Unrecorded, Waiting
from plainview.ledger.entry import Entry, EntryKind

WHY = "aimed at a window"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """With a permit for both cameras."""
    with opened(tmp_path) as office:
        grant(office)
        yield office


@pytest.fixture
def switch(office: Office, tmp_path: Path) -> Iterator[Switch]:
    """Of that office."""
    with contextlib.closing(Switch(office, tmp_path)) as switch:
        yield switch


def may_run(office: Office, switch: Switch, camera: str = "north") -> bool:
    """Whether the camera would be permitted to start now."""
    live = list(office.live_permits(office.now()))
    try:
        permit_for(office, camera, SEEN[camera], MEASURING, live, switch.stops())
    except Stopped:
        return False
    return True


def test_one_person_stops_two_start_again(office: Office, switch: Switch) -> None:
    """The first agreement changes nothing, the same person's second is refused."""
    assert switch.press(OPERATOR, "camera:north", WHY)
    assert not may_run(office, switch)
    assert may_run(office, switch, "south")
    assert not switch.lift(SUPERVISOR, "camera:north", "aimed at the square again")
    assert not may_run(office, switch)
    with pytest.raises(InputError, match="the same person"):
        switch.lift(SUPERVISOR, "camera:north", "really")
    assert not may_run(office, switch)
    assert switch.lift(OFFICER, "camera:north", "checked the picture")
    assert may_run(office, switch)


def test_the_same_name_in_another_role_is_one_person(office: Office, switch: Switch) -> None:
    """Two roles do not make two people."""
    switch.press(OPERATOR, "city", WHY)
    switch.lift(SUPERVISOR, "city", "all clear")
    with pytest.raises(InputError, match="the same person"):
        switch.lift(Person("dee EXAMPLE", Role.ADMINISTRATOR), "city", "all clear")
    assert not may_run(office, switch)


@pytest.mark.parametrize("scope", ["city", "site:plaza", "capability:flow", "camera:north"])
def test_each_scope_stops_and_is_recorded(office: Office, switch: Switch, scope: str) -> None:
    """And pressing twice is pressing once."""
    switch.press(OPERATOR, scope, WHY)
    switch.press(SUPERVISOR, scope, "me too")
    assert not may_run(office, switch)
    pressed = [e for _, e in office.ledger.entries() if e.kind is EntryKind.STOP_PRESSED]
    assert [(e.subject, e.detail["why"]) for e in pressed] == [(scope, WHY)]


def test_a_stop_is_recorded_once_whoever_records_it(
    office: Office, switch: Switch, tmp_path: Path
) -> None:
    """A command that stops and what runs see it at the same moment; one of them writes it down."""
    begun, more = threading.Event(), threading.Event()

    class Slow(Office):
        def record(self, *entries: Entry) -> list[int]:
            begun.set()
            more.wait(10)
            return super().record(*entries)

    with (
        Slow(tmp_path, office.clock) as other,
        contextlib.closing(Switch(other, tmp_path)) as command,
    ):
        pressing = threading.Thread(target=command.press, args=(OPERATOR, "city", WHY))
        pressing.start()
        assert begun.wait(10)
        assert not switch.record_waiting()  # another is about to write it down
        assert "city" in switch.stops()  # and it is in force
        more.set()
        pressing.join(10)
    assert switch.record_waiting()
    office.refresh()
    size = office.standing().size
    kinds = [entry.kind for _, entry in office.ledger.entries(0, size)]
    assert kinds.count(EntryKind.STOP_PRESSED) == 1
    assert switch.trouble == ""


def test_operators_cannot_start_again_and_oversight_cannot_stop(switch: Switch) -> None:
    """Each role has its side of the switch."""
    switch.press(CONTROLLER, "city", WHY)
    for role in (Role.OPERATOR, Role.COMMISSIONER):
        with pytest.raises(AccessRefused):
            switch.lift(Person("Eve", role), "city", "please")
    with pytest.raises(AccessRefused):
        switch.press(Person("Eve", Role.COMMISSIONER), "site:plaza", WHY)


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        ("camera:west", InputError),
        ("site:harbour", InputError),
        ("capability:cuont", InputError),
        ("capability:face-match", BoundaryError),
        ("everything", InputError),
        ("camera:../../etc", InputError),
        ("", InputError),
    ],
)
def test_nothing_is_stopped_by_a_slip(switch: Switch, scope: str, error: type[InputError]) -> None:
    """A scope that names nothing is refused, with what there is."""
    with pytest.raises(error):
        switch.press(OPERATOR, scope, WHY)
    assert not switch.stops()


@pytest.mark.parametrize(
    "why", ["", "  ", "x", "y" * 401, "\u200b" * 5, "\u00ad\u202e\u2066 \ufeff"]
)
def test_a_reason_is_needed(switch: Switch, why: str) -> None:
    """The public reads it in the ledger."""
    with pytest.raises(InputError, match="a reason"):
        switch.press(OPERATOR, "city", why)


@pytest.mark.parametrize(
    "why",
    [
        "red \x1b[31m light",
        "line\u2028break",
        "\x00 nul",
        "not UTF-8 \udcff",
        "tab\tand\nline",
        "said \u202etfel-ot-thgir\u2066",
    ],
)
def test_whatever_stands_in_a_reason_the_stop_holds_and_is_recorded(
    office: Office, switch: Switch, why: str
) -> None:
    """Pasted from anywhere: no sign keeps it from the ledger, and so two people from lifting it."""
    assert switch.press(Person("Ada \udcff\x07", Role.OPERATOR), "city", why)
    assert not may_run(office, switch)
    (stop,) = office.standing().stops.values()
    assert stop.why.isprintable()
    assert stop.why.split()[0] in why
    switch.lift(SUPERVISOR, "city", f"over, {why}")
    assert switch.lift(OFFICER, "city", WHY)
    assert may_run(office, switch)


def test_a_stop_that_no_entry_can_hold_does_not_wait_for_ever(
    office: Office, tmp_path: Path
) -> None:
    """One that an earlier version took up is recorded without what cannot stand there."""
    with contextlib.closing(Waiting(tmp_path / "governance" / "stops-unrecorded")) as waiting:
        waiting.add(Unrecorded("city", "red \x1b[31m light", "Ada", Role.OPERATOR, office.now()))
    with contextlib.closing(Switch(office, tmp_path)) as switch:
        assert switch.record_waiting()
        assert {stop.why for stop in switch.stops().values()} == {"red [31m light"}
        assert office.standing().stops


def test_a_ledger_that_cannot_be_written_stops_nobody_from_stopping(
    office: Office, switch: Switch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop holds at once and for every process, nothing starts, and it is recorded later."""

    def full(_entries: object) -> list[int]:
        raise LedgerError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(office.ledger, "append", full)
        assert not switch.press(OPERATOR, "camera:north", WHY)
        assert not may_run(office, switch)
        with contextlib.closing(Switch(office, tmp_path)) as another:
            assert not may_run(office, another)
        with pytest.raises(LedgerError, match="not recorded yet"):
            switch.lift(SUPERVISOR, "camera:north", "all clear")
        live = list(office.live_permits(office.now()))
        wanted = permit_for(office, "south", SEEN["south"], MEASURING, live, switch.stops())
        with pytest.raises(LedgerError):
            cameras.start(office, [wanted])
    with contextlib.closing(Switch(office, tmp_path)) as later:
        assert not may_run(office, later)
        assert later.record_waiting()
        assert "camera:north" in office.standing().stops
    assert switch.record_waiting()
    pressed = [e for _, e in office.ledger.entries() if e.kind is EntryKind.STOP_PRESSED]
    assert len(pressed) == 1


def test_a_torn_file_of_waiting_stops_lets_nothing_start(
    office: Office, switch: Switch, tmp_path: Path
) -> None:
    """What cannot be read may have been a stop."""
    (tmp_path / "governance" / "stops-unrecorded").write_bytes(b'[{"scope":"ci')
    with pytest.raises(LedgerError, match="cannot be read"):
        may_run(office, switch)


def test_however_many_stops_wait_each_holds(
    office: Office, switch: Switch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than the file has room for are kept in memory, and none is refused."""

    def full(_entries: object) -> list[int]:
        raise LedgerError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(office.ledger, "append", full)
        broken.setattr("plainview.governance.waiting._ROOM", 200)
        for scope in ("camera:north", "camera:south", "site:plaza", "capability:flow"):
            assert not switch.press(OPERATOR, scope, WHY)
        assert len(switch.stops()) == 4
        assert not may_run(office, switch, "south")


def test_an_erased_name_cannot_count_as_another_person(office: Office, switch: Switch) -> None:
    """Whether two people agreed can then not be told, so it is asked anew."""
    switch.press(OPERATOR, "city", WHY)
    switch.lift(SUPERVISOR, "city", "all clear")
    office.ledger.erase(office.standing().stops["city"].agreed[0][1])
    with pytest.raises(LedgerError, match="erased"):
        switch.lift(OFFICER, "city", "all clear")
    assert not may_run(office, switch)


def order(number: int, scope: str = "camera:north", why: str = WHY) -> tuple[StopOrder, Ordered]:
    """The centre's order of that number, and what is kept of it."""
    given = StopOrder("centre.example", number, scope, why, Role.SUPERVISOR, "a" * 64, 5)
    return given, ordered(given, f"{number} {scope} {why}")


def pressed(office: Office) -> list[Entry]:
    """The entries of stops."""
    office.refresh()
    return [e for _, e in office.ledger.entries() if e.kind is EntryKind.STOP_PRESSED]


def lifted_by_two(switch: Switch, scope: str = "camera:north") -> None:
    """Two people agree that it may start again."""
    switch.lift(SUPERVISOR, scope, "all clear")
    assert switch.lift(OFFICER, scope, "all clear")


def test_an_order_of_the_centre_presses_as_a_person_does(office: Office, switch: Switch) -> None:
    """It stands in the ledger with what was ordered, by whom as the centre names them, and why."""
    given, by = order(7)
    assert switch.obey(given, by)
    assert not may_run(office, switch)
    assert may_run(office, switch, "south")
    (entry,) = pressed(office)
    assert (entry.subject, entry.role, entry.who) == ("camera:north", "supervisor", "a" * 64)
    assert entry.detail == {
        "why": WHY,
        "centre": "centre.example",
        "order": 7,
        "digest": by.digest,
        "ordered": 5,
    }
    assert switch.stops()["camera:north"].centre
    live = list(office.live_permits(office.now()))
    with pytest.raises(Stopped, match=f"pressed from the centre: {WHY}"):
        permit_for(office, "north", SEEN["north"], MEASURING, live, switch.stops())


def test_the_same_order_is_one_stop_and_never_presses_what_two_people_lifted(
    office: Office, switch: Switch, tmp_path: Path
) -> None:
    """However often it comes, after a restart too; a later one does."""
    given, by = order(7)
    switch.obey(given, by)
    assert not switch.obey(given, by)
    assert len(pressed(office)) == 1
    lifted_by_two(switch)
    assert not switch.obey(given, by)
    with contextlib.closing(Switch(office, tmp_path)) as later:
        assert not later.obey(given, by)
    assert may_run(office, switch)
    assert switch.obey(*order(8))
    assert not may_run(office, switch)
    assert len(pressed(office)) == 2


def test_an_old_order_is_refused_whatever_it_names(office: Office, switch: Switch) -> None:
    """A number only grows: what was held back or repeated by somebody between stops nothing."""
    switch.obey(*order(7))
    for number, scope in ((6, "camera:south"), (7, "camera:south"), (6, "camera:north")):
        with pytest.raises(OrderRefused) as error:
            switch.obey(*order(number, scope))
        assert error.value.reason is Refusal.OLD
    assert may_run(office, switch, "south")
    assert len(pressed(office)) == 1


def test_an_order_that_names_nothing_here_is_refused_and_may_come_again(
    office: Office, switch: Switch
) -> None:
    """Nor does it keep a later one from being obeyed."""
    for scope in ("camera:west", "site:harbour", "capability:face-match"):
        with pytest.raises(OrderRefused) as error:
            switch.obey(*order(7, scope))
        assert error.value.reason is Refusal.UNKNOWN
    assert pressed(office) == []
    assert switch.obey(*order(8))


def test_an_order_for_what_is_stopped_here_already_is_recorded_too(
    office: Office, switch: Switch
) -> None:
    """Or the same one would press again once two people have lifted their own stop."""
    switch.press(OPERATOR, "camera:north", "ours")
    switch.lift(SUPERVISOR, "camera:north", "all clear")
    given, by = order(7, why="theirs")
    assert switch.obey(given, by)
    assert [entry.detail["why"] for entry in pressed(office)] == ["ours", "theirs"]
    # Who agreed before the centre's order has not agreed to lift that.
    assert not switch.lift(OFFICER, "camera:north", "all clear")
    assert not may_run(office, switch)
    assert switch.lift(SUPERVISOR, "camera:north", "all clear")
    assert not switch.obey(given, by)
    assert may_run(office, switch)


def test_a_full_disk_keeps_no_order_from_being_obeyed(
    office: Office, switch: Switch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds at once and is recorded later, once, with all that it says."""

    def full(_entries: object) -> list[int]:
        raise LedgerError("the disk is full")

    given, by = order(7)
    with monkeypatch.context() as broken:
        broken.setattr(office.ledger, "append", full)
        assert switch.obey(given, by)
        assert not switch.obey(given, by)
        assert not may_run(office, switch)
        assert switch.stops()["camera:north"].centre
        with pytest.raises(OrderRefused):
            switch.obey(*order(6, "camera:south"))
    with contextlib.closing(Switch(office, tmp_path)) as later:
        assert later.record_waiting()
        assert not later.obey(given, by)
    (entry,) = pressed(office)
    assert (entry.who, entry.detail["digest"]) == ("a" * 64, by.digest)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.governance.offices import open_office
from tests.governance.test_switch import order
from plainview.governance.office import Office
from plainview.governance.order import OrderRefused, Refusal, StopOrder, order_of, ordered
from plainview.governance.standing import Ordered
from plainview.governance.switch import Switch
state, after = Path(sys.argv[1]), sys.argv[2] == "after"
record = Office.record
def killed(self, *entries):
    if after:
        record(self, *entries)
    os.kill(os.getpid(), signal.SIGKILL)
with open_office(state) as office:
    switch = Switch(office, state)
    Office.record = killed
    switch.obey(*order(7))
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_between_an_order_and_the_ledger_loses_and_doubles_nothing(
    office: Office, tmp_path: Path, when: str
) -> None:
    """What was received is in force for whatever starts next, and recorded once."""
    office.close()
    command = [sys.executable, "-c", KILLED, str(tmp_path), when]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    with opened(tmp_path) as again, contextlib.closing(Switch(again, tmp_path)) as switch:
        assert not may_run(again, switch)
        given, by = order(7)
        assert not switch.obey(given, by)
        assert switch.record_waiting()
        assert [entry.detail["digest"] for entry in pressed(again)] == [by.digest]
        lifted_by_two(switch)
        assert may_run(again, switch)


def test_a_centre_that_presses_again_gives_a_new_order(office: Office, tmp_path: Path) -> None:
    """Its sites may have lifted the first; elsewhere pressing twice is pressing once."""
    with contextlib.closing(Switch(office, tmp_path, orders=True)) as centre:
        centre.press(OPERATOR, "camera:north", WHY)
        first = office.standing().stops["camera:north"]
        centre.lift(SUPERVISOR, "camera:north", "all clear")
        centre.press(OPERATOR, "camera:north", WHY)
        second = office.standing().stops["camera:north"]
        assert second.index > first.index
        assert (second.agreed, second.who != "") == ((), True)
        assert not second.centre
        one, two = (order_of(stop, "centre.example") for stop in (first, second))
        assert (one.scope, one.why, one.role) == ("camera:north", WHY, OPERATOR.role)
        assert two.number > one.number
