"""`[[detectors]]`: the networks that a site supplies, held against the boundary."""

import re
from typing import Annotated, Final

from msgspec import Meta, Struct

from plainview.document.boundary import refuse_beyond, words_of
from plainview.document.toml import Document, KeyPath, nearest
from plainview.errors import BoundaryError, ConfigError
from plainview.geometry import Network, Sought
from plainview.record import EventKind

OBJECT_KINDS: Final = (EventKind.WEAPON.value, EventKind.FIRE.value, EventKind.LEFT_OBJECT.value)
"""Kinds of event that a thing in the scene can speak for; the others are about what people do."""
_PEOPLE: Final = frozenset(
    """
    person persons people human humans pedestrian pedestrians man men woman women male female boy
    boys girl girls child children kid kids baby adult adults elder elderly senior old young youth
    teen teenager disabled wheelchair beard hair bald skinned black white asian african arab
    hijab headscarf veil burqa niqab turban kippah yarmulke cross habit homeless beggar gang
    tattoo drunk angry happy sad scared nervous smiling crying body bodies head heads torso
    eyes mouth nose skeleton pose silhouette someone somebody anyone passenger passengers
    cyclist cyclists biker bikers rider riders driver drivers worker workers customer customers
    shopper shoppers tourist tourists student students protester protesters policeman policewoman
    soldier soldiers monk nun personne personnes homme hommes femme femmes enfant enfants
    fille filles garcon garcons pieton pietons barbe mensch menschen mann maenner frau
    frauen kinder leute fussgaenger junge maedchen bart kopftuch persona personas hombre hombres
    mujer mujeres nino ninos nina ninas peaton peatones barba uomo uomini donna donne bambino
    bambini pedone pedoni mens mensen vrouw vrouwen kinderen voetganger pessoa pessoas homem
    homens mulher mulheres crianca criancas osoba osoby kobieta mezczyzna dziecko
    """.split()  # noqa: SIM905 - read as prose, checked as a set
)


class DetectorTable(Struct, frozen=True, forbid_unknown_fields=True):
    """One of `[[detectors]]` as written."""

    path: Annotated[str, Meta(min_length=1, max_length=1024)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{64}\Z")]
    size: tuple[Annotated[int, Meta(ge=16, le=2048)], Annotated[int, Meta(ge=16, le=2048)]]
    classes: Annotated[tuple[Sought, ...], Meta(min_length=1, max_length=32)]
    least: Annotated[float, Meta(ge=0.05, le=1)] = 0.5


def network_from(document: Document, table: DetectorTable, at: KeyPath) -> Network:
    """The network of `table`, which stands at `at` in `document`.

    Raises BoundaryError for a class that is a person or a person's trait, ConfigError for one whose
    kind is no thing's, for a name that cannot be shown and for an index that is there twice.
    """
    seen: set[int] = set()
    for k, one in enumerate(table.classes):
        here = (*at, "classes", k)
        _check_name(one.name, document.where((*here, "name")))
        if one.kind not in OBJECT_KINDS:
            where = document.where((*here, "kind"))
            refuse_beyond(one.kind, where)
            guess = nearest(one.kind, OBJECT_KINDS)
            raise ConfigError(
                f"no thing in a scene speaks for {one.kind!r}",
                where=where,
                mend=f"Did you mean {guess!r}?" if guess else f"Use {', '.join(OBJECT_KINDS)}",
            )
        if one.index in seen:
            raise ConfigError(
                f"class {one.index} is there twice",
                where=document.where((*here, "index")),
                mend="Give each class of the network once",
            )
        seen.add(one.index)
    return Network(
        path=str(document.relative(table.path)),
        sha256=table.sha256.lower(),
        size=table.size,
        classes=table.classes,
        least=table.least,
    )


def _check_name(name: str, where: str) -> None:
    """Raise unless `name` can be shown and is that of a thing."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _-]*", name):
        raise ConfigError(
            f"the class name {name!r} cannot be shown",
            where=where,
            mend="Use letters, digits, spaces, - and _",
        )
    refuse_beyond(name, where)
    if not _PEOPLE.isdisjoint(words_of(name)):
        raise BoundaryError(
            f"{name!r} is a person or a person's trait, which is beyond the boundary (DESIGN.md "
            "section 1): a site's network may look for things only",
            where=where,
            mend="Leave the class out: what is not listed is not looked for",
        )
