"""Which witnesses must have cosigned a checkpoint before it is believed.

Either so many of so many, or a file in the format of C2SP tlog-policy with groups of groups. A
policy is read once and frozen. Each witness counts once, however many keys it signs with.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlsplit

from plainview.errors import InputError, LedgerLie
from plainview.ledger.cosignature import CosignatureVerifier, cosigned_at
from plainview.ledger.note import (
    Note,
    Signature,
    SignatureVerifier,
    Verifier,
    check_name,
    open_note,
)

AHEAD: Final = 300.0
"""Seconds by which a witness's clock may be ahead of ours; a later cosignature does not count."""
MAX_POLICY_BYTES: Final = 1_000_000
MAX_MEMBERS: Final = 200
"""Bound on the logs, the witnesses and the groups of one policy, each."""

_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def check_address(url: str) -> None:
    """Refuse an address that no witness can have. Raises InputError."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment or parts.username or parts.password:
        raise InputError(
            f"{url!r} is not the address of a witness",
            where="witness",
            mend="It is http:// or https://, a host, and maybe a path",
        )


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """One witness, with the keys that it may sign with."""

    name: str
    keys: tuple[CosignatureVerifier, ...]
    url: str = ""

    def met(self, signed: Collection[SignatureVerifier]) -> bool:
        """Whether one of its keys is among those that signed."""
        return any(key in signed for key in self.keys)

    def words(self) -> str:
        """For a person."""
        return self.name


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    """At least `need` of `members`."""

    name: str
    need: int
    members: tuple["PolicyWitness | PolicyGroup", ...]

    def met(self, signed: Collection[SignatureVerifier]) -> bool:
        """Whether enough members are."""
        return sum(member.met(signed) for member in self.members) >= self.need

    def words(self) -> str:
        """For a person."""
        of = ", ".join(
            member.words() if isinstance(member, PolicyWitness) else f"({member.words()})"
            for member in self.members
        )
        return f"{self.need} of {len(self.members)}: {of}"


@dataclass(frozen=True, slots=True)
class QuorumPolicy:
    """The witnesses that are known and how many must have cosigned."""

    witnesses: tuple[PolicyWitness, ...] = ()
    quorum: PolicyWitness | PolicyGroup | None = None
    """None asks for no cosignature; those of known witnesses are still verified."""
    logs: tuple[Verifier, ...] = ()
    """Logs that the policy is for; empty where the log is known otherwise."""

    @classmethod
    def of(cls, need: int, keys: Sequence[CosignatureVerifier]) -> Self:
        """`need` of the witnesses in `keys`; keys of the same name are one witness's.

        Raises InputError if there are fewer witnesses, or one public key stands twice.
        """
        by_name: dict[str, list[CosignatureVerifier]] = {}
        for key in keys:
            by_name.setdefault(key.name, []).append(key)
        witnesses = tuple(PolicyWitness(name, tuple(own)) for name, own in by_name.items())
        _distinct(key.public for key in keys)
        if not 0 <= need <= len(witnesses):
            raise InputError(
                f"a quorum of {need} where {len(witnesses)} witnesses are known",
                where="witnesses",
                mend="Name more witnesses, or ask for fewer",
            )
        return cls(witnesses, PolicyGroup("quorum", need, witnesses) if need else None)

    @property
    def verifiers(self) -> tuple[CosignatureVerifier, ...]:
        """Every key of every witness."""
        return tuple(key for witness in self.witnesses for key in witness.keys)

    def words(self) -> str:
        """What is asked, for a person."""
        return "no witness" if self.quorum is None else self.quorum.words()

    def check(self, note: str, log: SignatureVerifier, *, now: float | None = None) -> Note:
        """The opened checkpoint `note`, which `log` signed and a quorum cosigned.

        `now` (UTC seconds) leaves out cosignatures of the future. Raises LedgerLie.
        """
        opened = open_note(note, [log, *self.verifiers])
        if log not in opened.by:
            raise LedgerLie(f"{log.name} did not sign this checkpoint", where="checkpoint")
        signed = {verifier for verifier, _ in counted(opened, now=now)}
        if self.quorum is not None and not self.quorum.met(signed):
            names = ", ".join(sorted({verifier.name for verifier in signed})) or "none"
            raise LedgerLie(
                f"too few witnesses cosigned this checkpoint: {names}, but it needs {self.words()}",
                where="checkpoint",
            )
        return opened


def counted(
    note: Note, *, now: float | None = None
) -> Iterator[tuple[CosignatureVerifier, Signature]]:
    """The cosignatures in an opened note that are not of the future."""
    for verifier, signature in note.signatures:
        if isinstance(verifier, CosignatureVerifier) and (
            now is None or cosigned_at(signature.signature) <= now + AHEAD
        ):
            yield verifier, signature


def parse_policy(text: str, *, where: str = "policy") -> QuorumPolicy:
    """The policy in `text`, in the format of C2SP tlog-policy. Raises InputError with its line."""
    if len(text) > MAX_POLICY_BYTES or _FORBIDDEN.search(text):
        raise InputError("too long, or with control characters", where=where)
    parser = _Parser(where)
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            parser.line(number, words)
    return parser.policy()


class _Parser:
    """Owns what the lines so far defined."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.number = 0
        self.logs: list[Verifier] = []
        self.named: dict[str, PolicyWitness | PolicyGroup] = {}
        self.used: set[str] = set()
        self.quorum: PolicyWitness | PolicyGroup | None = None
        self.quorum_said = False

    def line(self, number: int, words: list[str]) -> None:
        self.number = number
        kind, *rest = words
        read = {
            "log": self._log,
            "witness": self._witness,
            "group": self._group,
            "quorum": self._quorum,
        }.get(kind)
        if read is None:
            raise self._wrong(f"{kind!r} is none of log, witness, group and quorum")
        if max(len(self.logs), len(self.named)) >= MAX_MEMBERS:
            raise self._wrong(f"more than {MAX_MEMBERS} names")
        try:
            read(rest)
        except InputError as error:
            if error.where.startswith(self.where):
                raise
            raise self._wrong(error.what) from error

    def policy(self) -> QuorumPolicy:
        if not self.quorum_said:
            raise InputError(
                "no quorum is said", where=self.where, mend="End it with a line 'quorum NAME'"
            )
        witnesses = tuple(m for m in self.named.values() if isinstance(m, PolicyWitness))
        return QuorumPolicy(witnesses, self.quorum, tuple(self.logs))

    def _log(self, rest: list[str]) -> None:
        if len(rest) not in {1, 2}:
            raise self._wrong("it is 'log VKEY [URL]'")
        self.logs.append(Verifier.from_vkey(rest[0]))
        _distinct(log.public for log in self.logs)

    def _witness(self, rest: list[str]) -> None:
        if len(rest) not in {2, 3}:
            raise self._wrong("it is 'witness NAME VKEY [URL]'")
        name = self._new(rest[0])
        key = CosignatureVerifier.from_vkey(rest[1])
        others = [m for m in self.named.values() if isinstance(m, PolicyWitness)]
        _distinct([key.public, *(k.public for other in others for k in other.keys)])
        self.named[name] = PolicyWitness(name, (key,), *rest[2:])

    def _group(self, rest: list[str]) -> None:
        if len(rest) < 3:
            raise self._wrong("it is 'group NAME all|any|NUMBER MEMBER...'")
        name, need, *members = rest
        self._new(name)
        for member in members:
            if member not in self.named:
                raise self._wrong(f"{member!r} is not defined above")
            if member in self.used:
                raise self._wrong(f"{member!r} is already in a group")
            self.used.add(member)
        written = {"any": "1", "all": str(len(members))}.get(need, need)
        if not re.fullmatch(r"[1-9][0-9]{0,3}", written) or int(written) > len(members):
            raise self._wrong(f"{need} of {len(members)} cannot be")
        self.named[name] = PolicyGroup(name, int(written), tuple(self.named[m] for m in members))

    def _quorum(self, rest: list[str]) -> None:
        if len(rest) != 1 or self.quorum_said:
            raise self._wrong("there is one line 'quorum NAME'")
        self.quorum_said = True
        if rest[0] != "none":
            if rest[0] not in self.named:
                raise self._wrong(f"{rest[0]!r} is not defined above")
            self.quorum = self.named[rest[0]]

    def _new(self, name: str) -> str:
        check_name(name)
        if name == "none" or name in self.named:
            raise self._wrong(f"the name {name!r} is taken")
        return name

    def _wrong(self, what: str) -> InputError:
        return InputError(what, where=f"{self.where}:{self.number}")


def _distinct(keys: Collection[bytes] | Iterator[bytes]) -> None:
    seen = set()
    for key in keys:
        if key in seen:
            raise InputError("one public key stands there twice", where="witnesses")
        seen.add(key)
