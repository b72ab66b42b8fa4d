"""Every way to lie with a ledger, many times over, and how many of them `verify` finds.

    python bench/forgeries.py [--entries 3000] [--trials 100] [--seed 1]

A trial takes a true ledger, cosigned by two of three witnesses, lies with it in one way, and lets
it be verified by somebody who has the log's key, a checkpoint of an earlier visit and a quorum of
two. True ledgers must hold, so that seeing lies everywhere counts for nothing. Exit 1 unless every
lie was found and nothing true was called one.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from msgspec import structs

from plainview.app.attested import Attested
from plainview.errors import LedgerError
from plainview.governance.attest import RunningCamera, State, sign_state
from plainview.governance.register import About
from plainview.governance.registering import build_register
from plainview.governance.standing import Standing, fold
from plainview.ledger.checkpoint import Checkpoint
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner
from plainview.ledger.entry import Detail, Entry, EntryKind, decode_entry, encode_entry
from plainview.ledger.growth import Tree
from plainview.ledger.layout import encode_bundle, entries_path, tile_width
from plainview.ledger.note import Signer, add_signatures, sign_note, split_note
from plainview.ledger.policy import QuorumPolicy
from plainview.ledger.verify import verify

LOG = Signer("log.city.example", bytes(range(32)))
STATE = Signer("log.city.example/state", bytes(range(1, 33)))
FORGER = Signer("log.city.example", bytes(32))
WITNESSES = [
    Cosigner("w0.example", ED25519, bytes([1] * 32)),
    Cosigner("w1.example", ML_DSA_44, bytes([2] * 32)),
    Cosigner("w2.example", ED25519, bytes([3] * 32)),
]
POLICY = QuorumPolicy.of(2, [witness.verifier for witness in WITNESSES])
NOW = 1_800_000_000.0
VERSION = "0.2.0"
CAMERAS = [f"camera-{n}" for n in range(8)]


@dataclass(frozen=True)
class Ledger:
    """A ledger's files in memory, and what was remembered of it."""

    files: dict[str, bytes]
    entries: list[bytes]
    remembered: str
    running: dict[str, int] = field(default_factory=dict)
    """Camera -> place of its start."""

    def read(self, path: str) -> bytes:
        """A file. Raises LedgerError if it is not there."""
        try:
            return self.files[path]
        except KeyError as error:
            raise LedgerError("not there", where=path) from error

    @property
    def checkpoint(self) -> str:
        """The signed head."""
        return self.files["checkpoint"].decode()


def files_of(
    entries: Sequence[bytes], *, signer: Signer = LOG, cosign: int = 2
) -> dict[str, bytes]:
    """The files of a ledger of `entries`, signed and cosigned."""
    tree, files = Tree().grown(entries)
    note = sign_note(Checkpoint(LOG.name, tree.size, tree.root()).text(), signer)
    text, _ = split_note(note)
    lines = [witness.cosign(text, int(NOW)) for witness in WITNESSES[:cosign]]
    return {**dict(files), "checkpoint": add_signatures(note, lines).encode()}


def entries_of(size: int) -> list[bytes]:
    """A city's entries: its keys, cameras registered, permitted and started, then accesses."""
    kinds = EntryKind
    told: list[tuple[EntryKind, str, dict[str, Detail]]] = [
        (kinds.LEDGER_OPENED, "city", {"ledger": LOG.vkey, "state": STATE.vkey}),
        (kinds.SOFTWARE_CHANGED, "city", {"software": VERSION}),
        (kinds.CONFIGURATION_CHANGED, "city", {"configuration": "c" * 64}),
    ]
    told += [
        (kinds.CAMERA_REGISTERED, f"camera:{name}", {"site": "plaza", "fingerprint": "f" * 64})
        for name in CAMERAS
    ]
    permit: dict[str, Detail] = {"permit": "a" * 64, "assessment": "b" * 64}
    told.append((kinds.PERMIT_GRANTED, "permit:plaza@1", {**permit, "begins": 0, "ends": 2**50}))
    start: dict[str, Detail] = {
        "permit": "a" * 64,
        "fingerprint": "f" * 64,
        "capabilities": ["crowd"],
        "software": VERSION,
    }
    told += [(kinds.CAMERA_STARTED, f"camera:{name}", start) for name in CAMERAS]
    told += [
        (kinds.DATA_ACCESSED, f"camera:{CAMERAS[n % 8]}", {"purpose": f"plaza@1/crowd {n}"})
        for n in range(len(told), size)
    ]
    return [
        encode_entry(Entry(1_700_000_000_000 + 1000 * n, kind, subject, detail=detail))
        for n, (kind, subject, detail) in enumerate(told)
    ]


def true_ledger(size: int) -> Ledger:
    """A ledger of `size`, visited before when it had two thirds of that."""
    entries = entries_of(size)
    running = {
        decode_entry(data).subject.partition(":")[2]: index
        for index, data in enumerate(entries[:64])
        if decode_entry(data).kind is EntryKind.CAMERA_STARTED
    }
    remembered = files_of(entries[: 2 * size // 3])["checkpoint"].decode()
    return Ledger(files_of(entries), entries, remembered, running)


# --- what a liar changes -----------------------------------------------------------------------

Lie = Callable[[Ledger, random.Random], Ledger]


def edited(ledger: Ledger, chance: random.Random) -> tuple[int, list[bytes]]:
    """The entries with one of them saying something else."""
    entries = [*ledger.entries]
    place = chance.randrange(len(entries))
    entry = decode_entry(entries[place])
    entries[place] = encode_entry(structs.replace(entry, t=entry.t + chance.randrange(1, 999)))
    return place, entries


def remade(ledger: Ledger, entries: Sequence[bytes], **how: object) -> Ledger:
    """The ledger made again of `entries`, under the old checkpoint unless it is signed anew."""
    files = files_of(entries, **how)  # type: ignore[arg-type]  # as files_of takes
    if not how:
        files["checkpoint"] = ledger.files["checkpoint"]
    return replace(ledger, files=files, entries=list(entries))


def flip_a_bit(ledger: Ledger, chance: random.Random) -> Ledger:
    """One bit of one file, anywhere."""
    path = chance.choice(sorted(ledger.files))
    data = bytearray(ledger.files[path])
    place = chance.randrange(len(data) * 8)
    data[place // 8] ^= 1 << place % 8
    return replace(ledger, files={**ledger.files, path: bytes(data)})


def remove_a_file(ledger: Ledger, chance: random.Random) -> Ledger:
    """One tile or bundle is gone."""
    path = chance.choice(sorted(set(ledger.files) - {"checkpoint"}))
    return replace(ledger, files={k: v for k, v in ledger.files.items() if k != path})


def cut_a_file(ledger: Ledger, chance: random.Random) -> Ledger:
    """One tile or bundle ends early."""
    path = chance.choice(sorted(set(ledger.files) - {"checkpoint"}))
    end = chance.randrange(len(ledger.files[path]))
    return replace(ledger, files={**ledger.files, path: ledger.files[path][:end]})


def edit_an_entry(ledger: Ledger, chance: random.Random) -> Ledger:
    """One entry says something else; its tile stays."""
    place, entries = edited(ledger, chance)
    number = place // 256
    bundle = encode_bundle(entries[number * 256 : number * 256 + 256])
    path = entries_path(number, tile_width(0, number, len(entries)))
    return replace(ledger, files={**ledger.files, path: bundle})


def edit_with_tiles(ledger: Ledger, chance: random.Random) -> Ledger:
    """One entry says something else, and every tile is made again; no key."""
    return remade(ledger, edited(ledger, chance)[1])


def forge(ledger: Ledger, chance: random.Random) -> Ledger:
    """The same, signed with a key of the same name."""
    return remade(ledger, edited(ledger, chance)[1], signer=FORGER)


def fork(ledger: Ledger, chance: random.Random) -> Ledger:
    """Another past before the last visit, signed by the log itself and cosigned."""
    past = 2 * len(ledger.entries) // 3
    entries = [*ledger.entries]
    place = chance.randrange(past)
    entry = decode_entry(entries[place])
    entries[place] = encode_entry(structs.replace(entry, t=entry.t + 1))
    return remade(ledger, entries, signer=LOG)


def roll_back(ledger: Ledger, chance: random.Random) -> Ledger:
    """A true, signed, cosigned ledger, but from before the last visit."""
    return remade(
        ledger, ledger.entries[: chance.randrange(2 * len(ledger.entries) // 3)], cosign=2
    )


def truncate(ledger: Ledger, chance: random.Random) -> Ledger:
    """The last entries are gone, with every tile made again; no key."""
    return remade(ledger, ledger.entries[: -chance.randrange(1, len(ledger.entries))])


def reorder(ledger: Ledger, chance: random.Random) -> Ledger:
    """Two entries change places, with every tile made again; no key."""
    entries = [*ledger.entries]
    one, other = chance.sample(range(len(entries)), 2)
    entries[one], entries[other] = entries[other], entries[one]
    return remade(ledger, entries)


def drop(ledger: Ledger, chance: random.Random) -> Ledger:
    """One entry is left out and another put at the end, with every tile made again; no key."""
    entries = [*ledger.entries]
    entries.append(entries.pop(chance.randrange(len(entries) - 1)))
    return remade(ledger, entries)


def swap_tiles(ledger: Ledger, chance: random.Random) -> Ledger:
    """Two full bundles, with their tiles, change places."""
    one, other = chance.sample(range(len(ledger.entries) // 256), 2)
    files = {**ledger.files}
    for path in ("tile/0/{:03d}", "tile/entries/{:03d}"):
        a, b = path.format(one), path.format(other)
        files[a], files[b] = files[b], files[a]
    return replace(ledger, files=files)


def raise_the_size(ledger: Ledger, chance: random.Random) -> Ledger:
    """A signed, cosigned checkpoint of more entries than there are."""
    tree, _ = Tree().grown(ledger.entries)
    size = tree.size + chance.randrange(1, 10**6)
    note = sign_note(Checkpoint(LOG.name, size, tree.root()).text(), LOG)
    text, _ = split_note(note)
    cosigned = add_signatures(note, [w.cosign(text, int(NOW)) for w in WITNESSES[:2]])
    return replace(ledger, files={**ledger.files, "checkpoint": cosigned.encode()})


def false_witness(ledger: Ledger, chance: random.Random) -> Ledger:
    """A cosignature is left out, or another tree's, or a stranger's under the witness's name."""
    note = ledger.checkpoint
    text, (log, *_) = split_note(note)
    other = text.replace(f"\n{len(ledger.entries)}\n", f"\n{len(ledger.entries) + 1}\n")
    stranger = Cosigner(WITNESSES[1].name, ED25519, bytes([9] * 32))
    second = chance.choice(
        [
            "",
            WITNESSES[1].cosign(other, int(NOW)),
            stranger.cosign(text, int(NOW)),
            WITNESSES[0].cosign(text, int(NOW) - chance.randrange(1, 999)),
            WITNESSES[1].cosign(text, int(NOW) + 86_400),
        ]
    )
    lines = [log.line, WITNESSES[0].cosign(text, int(NOW)), second]
    forged = f"{text}\n{''.join(lines)}"
    return replace(ledger, files={**ledger.files, "checkpoint": forged.encode()})


def nonsense(ledger: Ledger, chance: random.Random) -> Ledger:
    """The log itself signs what is no entry."""
    entries = [*ledger.entries]
    place = chance.randrange(1, len(entries))
    entries[place] = chance.choice(
        [b"", b"{}", entries[place] + b" ", entries[place][:-1], b"\xff" * 9]
    )
    past = files_of(entries[: 2 * len(entries) // 3])["checkpoint"].decode()
    return replace(remade(ledger, entries, signer=LOG), remembered=past)


LOG_LIES: dict[str, Lie] = {
    "bit flipped": flip_a_bit,
    "file removed": remove_a_file,
    "file cut": cut_a_file,
    "entry edited": edit_an_entry,
    "entry edited, tiles made again": edit_with_tiles,
    "forged with another key": forge,
    "forked by the log itself": fork,
    "rolled back": roll_back,
    "truncated": truncate,
    "reordered": reorder,
    "entry left out": drop,
    "bundles swapped": swap_tiles,
    "size raised": raise_the_size,
    "cosignature missing or false": false_witness,
    "signed nonsense": nonsense,
}


# --- what runs, and the register ---------------------------------------------------------------


@dataclass
class Machine:
    """What runs and what the public is told, over one ledger; honest until it is changed."""

    ledger: Ledger
    standing: Standing
    state: State
    register: dict[str, object]
    signer: Signer = STATE

    def fetch(self, path: str, _most: int) -> bytes:
        """As `Attested` asks."""
        if path.startswith("/api/v1/attestation"):
            state = structs.replace(self.state, nonce=path.rpartition("=")[2] or self.state.nonce)
            return sign_state(state, self.signer).encode()
        return msgspec.json.encode(self.register)


def machine_of(ledger: Ledger) -> Machine:
    """The honest machine of a ledger."""
    standing = fold((index, decode_entry(data)) for index, data in enumerate(ledger.entries))
    tree, _ = Tree().grown(ledger.entries)
    running = {
        name: RunningCamera(("crowd",), "a" * 64, "f" * 64, index)
        for name, index in ledger.running.items()
    }
    state = State(
        int(NOW * 1000), "", LOG.name, tree.size, tree.root().hex(), VERSION, "c" * 64, running
    )
    register = build_register(standing, {}, [], {}, int(NOW * 1000), about=About(origin=LOG.name))
    plain = msgspec.json.decode(msgspec.json.encode(register))
    return Machine(ledger, standing, state, plain)


def lie_in_state(machine: Machine, chance: random.Random) -> None:
    """The running program says what the ledger does not, or in another's name."""
    state, name = machine.state, chance.choice(CAMERAS)
    one = state.running[name]
    without = {camera: runs for camera, runs in state.running.items() if camera != name}
    machine.state = chance.choice(
        [
            structs.replace(state, software="0.2.1"),
            structs.replace(state, configuration="d" * 64),
            structs.replace(state, root="00" * 32),
            structs.replace(state, size=state.size - chance.randrange(1, 500)),
            structs.replace(state, size=state.size + chance.randrange(1, 500)),
            structs.replace(state, origin="other.example"),
            structs.replace(state, running=without),
            structs.replace(state, running={**state.running, "hidden": one}),
            *(
                structs.replace(state, running={**without, name: structs.replace(one, **change)})
                for change in (
                    {"capabilities": ("crowd", "scene")},
                    {"permit": "e" * 64},
                    {"fingerprint": "e" * 64},
                    {"index": one.index + 1},
                )
            ),
            state,
        ]
    )
    if machine.state is state:
        machine.signer = Signer.generate(STATE.name)


def lie_in_register(machine: Machine, chance: random.Random) -> None:
    """The public is told of less, or of more, than runs."""
    cameras = machine.register["cameras"]
    if not isinstance(cameras, list):
        raise TypeError
    place = chance.randrange(len(cameras))
    way = chance.randrange(5)
    if way == 0:
        cameras.pop(place)
    elif way == 1:
        cameras[place]["capabilities"] = []
    elif way == 2:
        cameras[place]["capabilities"][0]["running"] = False
    elif way == 3:
        cameras.append({**cameras[place], "id": "nowhere"})
    else:
        machine.register["software"] = "0.1.9"


# --- trials ------------------------------------------------------------------------------------


def held(ledger: Ledger, machine: Machine | None = None) -> tuple[bool, Iterable[str]]:
    """Whether verification found no lie, and those it found."""
    attested = None if machine is None else Attested(machine.fetch)
    report = verify(
        ledger,
        LOG.verifier,
        remembered=ledger.remembered,
        policy=POLICY,
        heads=() if attested is None else (attested.head,),
        now=NOW,
        each=None if attested is None else attested.fold,
    )
    lies = [*report.lies]
    if attested is not None:
        lies += attested.lies(LOG.name, now=NOW)
    return not lies, lies


def main() -> int:
    """Run the trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=3000)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)  # noqa: S311 - which lie, not a secret
    true = true_ledger(options.entries)
    begun = time.monotonic()
    total = missed = 0
    print(f"{options.entries} entries, seed {options.seed}")
    print(f"{'the lie':34} {'trials':>6} {'found':>6}")
    for name, lie in LOG_LIES.items():
        found = sum(not held(lie(true, chance))[0] for _ in range(options.trials))
        print(f"{name:34} {options.trials:6} {found:6}")
        total, missed = total + options.trials, missed + options.trials - found
    for name, change in (
        ("what runs is not what it says", lie_in_state),
        ("the register lies", lie_in_register),
    ):
        found = 0
        for _ in range(options.trials):
            machine = machine_of(true)
            change(machine, chance)
            found += not held(true, machine)[0]
        print(f"{name:34} {options.trials:6} {found:6}")
        total, missed = total + options.trials, missed + options.trials - found
    alarms = sum(not held(true)[0] for _ in range(10)) + sum(
        not held(true, machine_of(true))[0] for _ in range(10)
    )
    print(f"{'all lies':34} {total:6} {total - missed:6}")
    print(f"{'true ledgers called false':34} {20:6} {alarms:6}")
    print(f"{time.monotonic() - begun:.0f} s")
    return 1 if missed or alarms else 0


if __name__ == "__main__":
    sys.exit(main())
