"""What no plan is made from: crime, police, and what people or neighbourhoods are like.

A camera that follows such data goes where police already went, and so finds what it is told to
(Lum & Isaac, Significance 13(5), 14, 2016). It would be a score of people by where they live.
"""

from plainview.document.boundary import beyond, words_of
from plainview.errors import BoundaryError

_WORDS = frozenset(
    """
    crime crimes criminal criminals criminality offence offences offense offenses offender
    offenders arrest arrests arrested arrestee arrestees police policing policed conviction
    convictions convicted prison prisoner prisoners probation parole custody victimisation
    victimization robbery robberies theft thefts burglary burglaries assault assaults violence
    violent drug drugs knife weapon weapons gun guns homicide homicides murder murders shooting
    shootings gang gangs antisocial asb disorder vandalism graffiti prostitution truancy
    stopandsearch stopsearch searches emergencycalls callstopolice policecalls hotspot hotspots
    income incomes salary salaries wage wages poverty poor wealth wealthy deprivation deprived imd
    unemployment unemployed welfare benefit benefits housing tenure rent rents homeless
    homelessness socioeconomic sociodemographic demographic demographics census education
    schooling ethnic ethnicities minority minorities nationality nationalities citizenship
    immigrant immigrants immigration migrant migrants migration refugee refugees religious muslim
    christian jewish hindu mosque church synagogue language languages disability disabilities
    household households families neighbourhood neighborhood neighbourhoods neighborhoods
    political politics voters votes party protest protests propensity predicted prediction
    predictions predictive forecast suspicious suspicion
    """.split()  # noqa: SIM905 - read as prose, checked as a set
)


def forbidden(name: str) -> bool:
    """Whether `name` (a key, a column, a kind or a source) speaks of what no plan is made from."""
    return not _WORDS.isdisjoint(words_of(name)) or beyond(name)


def refuse(name: str, where: str) -> None:
    """Raise BoundaryError by name if `name`, found at `where`, is no ground for a camera."""
    if forbidden(name):
        raise BoundaryError(
            f"{name[:80]!r} is beyond the boundary (DESIGN.md section 1): cameras are placed by "
            "measured crowd risk and hazards, never by crime data or by what people or "
            "neighbourhoods are like",
            where=where,
            mend="Take it out",
        )
