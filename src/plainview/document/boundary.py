"""Recognises a wish for what lies beyond the boundary, so that it is refused by name."""

import re
import unicodedata
from typing import Final

from plainview.errors import BoundaryError

_WORDS = frozenset(
    """
    face faces facial facenet biometric biometrics gait iris reid reidentify reidentification
    identity identities identify identification recognition recognise recognize recogniser
    recognizer anpr alpr lpr platereader licenceplate licenseplate numberplate licenceplates
    licenseplates numberplates vehicleplate vehicleplates carplate carplates registrationplate
    registrationplates platenumber platenumbers kennzeichen autokennzeichen nummernschild
    nummernschilder immatriculation matricula matriculas matricule nummerplaat kenteken
    nummerplade visage visages gesicht gesichter gesichtserkennung rostro rostros gezicht
    gezichten twarz reconnaissance reconocimiento riconoscimento herkenning age ages gender
    genders sex ethnicity race skin religion emotion emotions sentiment mood intent intention
    watchlist watchlists blacklist blacklists blocklist wanted suspect suspects personscore
    socialscore riskscore personid trackid trackids tracking tracker trackers
    """.split()  # noqa: SIM905 - read as prose, checked as a set
)


_LOOKALIKE: Final = str.maketrans("013457", "oieast")


def words_of(name: str) -> set[str]:
    """The words, in small letters, that `name` may be read as.

    Each alone and joined with one or two neighbours (`plate_reader`, `re-id`); spelled out
    (`f a c e`), with capitals that divide it (`faceMatch`) or do not (`fAcE`), and with its digits
    left out (`face2`) or read as the letters they look like (`f4ce`).
    """
    plain = unicodedata.normalize("NFKD", name)
    found: set[str] = set()
    for text in (plain, re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)):
        parts = re.findall(r"[a-z0-9]+", text.lower())
        spelled = "".join(part if len(part) == 1 else f" {part} " for part in parts).split()
        for read in (parts, spelled):
            found |= {"".join(read[k : k + size]) for k in range(len(read)) for size in (1, 2, 3)}
    digitless = {word.strip("0123456789") for word in found}
    return found | digitless | {word.translate(_LOOKALIKE) for word in found}


def beyond(name: str) -> bool:
    """Whether `name` (a key, a kind or an option) asks for what does not exist here."""
    return not _WORDS.isdisjoint(words_of(name))


def refuse_beyond(name: str, where: str) -> None:
    """Raise BoundaryError if `name`, found at `where`, asks for something beyond the boundary."""
    if beyond(name):
        raise BoundaryError(
            f"{name!r} is beyond the boundary (DESIGN.md section 1): Plainview has no such "
            "capability and none can be granted",
            where=where,
            mend="Take it out",
        )
