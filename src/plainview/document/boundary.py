"""Recognises a wish for what lies beyond the boundary, so that it is refused by name."""

import re

from plainview.errors import BoundaryError

_WORDS = frozenset(
    """
    face faces facial facenet biometric biometrics gait iris reid reidentify reidentification
    identity identities identify identification recognition recognise recognize recogniser
    recognizer anpr alpr lpr platereader licenceplate licenseplate numberplate licenceplates
    licenseplates numberplates vehicleplate age ages gender genders sex ethnicity race skin
    religion emotion emotions sentiment mood intent intention watchlist watchlists blacklist
    blacklists blocklist wanted suspect suspects personscore socialscore riskscore personid
    trackid trackids tracking tracker trackers
    """.split()  # noqa: SIM905 - read as prose, checked as a set
)


def beyond(name: str) -> bool:
    """Whether `name` (a key, a kind or an option) asks for what does not exist here.

    A word counts alone (`face-match`) and joined with its neighbour (`plate_reader`, `re-id`).
    """
    parts = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    joined = {"".join(parts[k : k + 2]) for k in range(len(parts))}
    return not _WORDS.isdisjoint({*parts, *joined})


def refuse_beyond(name: str, where: str) -> None:
    """Raise BoundaryError if `name`, found at `where`, asks for something beyond the boundary."""
    if beyond(name):
        raise BoundaryError(
            f"{name!r} is beyond the boundary (DESIGN.md section 1): Plainview has no such "
            "capability and none can be granted",
            where=where,
            mend="Take it out",
        )
