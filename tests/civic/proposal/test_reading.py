"""SCENARIO.toml: what may stand in it, and one line for everything that may not."""

from pathlib import Path

import pytest

from plainview.civic.proposal.outcome import assess
from plainview.civic.proposal.reading import read_scenario
from plainview.civic.proposal.scenario import Scenario
from plainview.document import Document
from plainview.errors import ConfigError

FILE = """
[scheme]
cameras = 10
faces_per_camera_per_day = 100
list_size = 1000
prevalence = 0.001
stops_per_alert = 0.5
[operating_point]
false_positive_rate = 0.001
measured_list_size = 1000
true_positive_rate = 0.9
"""
RATE = "false_positive_rate = 0.001"
SIZE = "\nlist_size = 1000"
AT = "measured_list_size = 1000"
NOTICED = "true_positive_rate = 0.9"
TWO = '[[groups]]\nname = "a"\nshare = 0.5\n[[groups]]\nname = "b"\nshare = 0.5\n'


def read(text: str = FILE) -> Scenario:
    """The scenario in `text`."""
    return read_scenario(Document(Path("scheme.toml"), text))


def changed(old: str, new: str) -> Scenario:
    """FILE with `old` replaced."""
    assert old in FILE
    return read(FILE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("cameras = 10", "cameras = 0", "line 3, scheme.cameras: must be at least 1"),
        ("cameras = 10", "cameras = 10.5", "a whole number"),
        ("cameras = 10", "camera = 10", "Did you mean 'cameras'?"),
        ("cameras = 10", f"cameras = {10**30}", "at most"),
        ("faces_per_camera_per_day = 100", "faces_per_camera_per_day = nan", "nan"),
        ("faces_per_camera_per_day = 100", "faces_per_camera_per_day = 1e300", "at most"),
        (
            "faces_per_camera_per_day = 100",
            "faces_per_camera_per_dai = 1",
            "'faces_per_camera_per_",
        ),
        ("faces_per_camera_per_day = 100", "faces_per_day = 1e12", "for each camera cannot be"),
        ("faces_per_camera_per_day = 100", "", "given once"),
        (SIZE, "", "the size of the list is missing. Write it as list_size = 10_000"),
        (SIZE, "\nlist_size = 'lots'", "'lots' is no size"),
        (SIZE, "\nwatchlist_size = 1000", "Did you mean 'list_size'?"),
        (AT, "", "at which the rate was measured is missing"),
        (AT, "measured_list_size = 'unknown'", "cannot be carried over to a list of 1,000"),
        ("prevalence = 0.001", "prevalence = -0.1", "-0.1 is not between 0 and 1"),
        ("prevalence = 0.001", "prevalence = 1.5", "Write 89 % as 0.89"),
        ("stops_per_alert = 0.5", "stops_per_alert = 50", "50 is not between 0 and 1"),
        (RATE, "fpir = 0.001", "Did you mean 'false_positive_rate'?"),
        (RATE, "false_positive_rate = 17", "Write 89 % as 0.89"),
        (RATE, "false_positive_rate = 0", "no test can show a rate of 0"),
        (RATE, "false_positive_rate = 5e-324", "no test can show"),
        (RATE, "false_match_rate = 1e-6", "no list size belongs to it"),
        (RATE, f"{RATE}\nfalse_match_rate = 1e-6", "say the same thing twice"),
        (RATE, "", "the rate of false alerts is missing"),
        (RATE, "preset = 'npl-2023-100000'", "Did you mean 'npl-2023-10000'?"),
        (RATE, "preset = 'south-wales-2017'", "has no number of faces seen"),
        (RATE, "preset = 'pnd-2025'", "searches with photographs"),
        (RATE, "preset = 'met-2025'", "cannot be carried over to a list of 1,000"),
        (RATE, "faces = 3\nfalse_alerts = 9", "do not fit in 3 faces"),
        (RATE, "false_alerts = 9", "false_alerts is there without faces"),
        (NOTICED, "true_positive_rate = 1.2", "1.2 is not between 0 and 1"),
        (NOTICED, f"{NOTICED}\ntrue_positive_rate_interval = [0.95, 0.8]", "does not hold 0.9"),
        (NOTICED, "listed_passed = 3\nlisted_noticed = 5", "5 of 3 cannot have been noticed"),
        ("[scheme]", f"{TWO.replace('0.5', '0.4')}[scheme]", "add up to 0.8, not to 1"),
        ("[scheme]", f"{TWO.replace('b', 'a')}[scheme]", "is there twice"),
        ("[scheme]", f"{TWO}times = 1e6\n[scheme]", "more than every face"),
        ("[scheme]", "[limit]\nwrong_stops_per_year = 0\n[scheme]", "must be at least"),
        ("[scheme]", "[limit]\n[scheme]", "a limit is one number"),
        ("stops_per_alert = 0.5", "[limit]\nwrong_stops_per_year = 1", "Give stops_per_alert"),
        ("[scheme]", "[recogniser]\nplugin = 'x'\n[scheme]", "unknown key 'recogniser'"),
    ],
)
def test_nonsense_is_refused_in_one_line(old: str, new: str, told: str) -> None:
    """What is wrong, where, and how to mend it; exit code 2."""
    with pytest.raises(ConfigError) as caught:
        changed(old, new)
    line = caught.value.line()
    assert told in line
    assert line.startswith("scheme.toml")
    assert "\n" not in line
    assert caught.value.exit_code == 2
    assert caught.value.mend


def test_numbers_may_be_written_in_any_form() -> None:
    """6e1 cameras, a list of 1000.0, all faces together, and a test's list size given once."""
    scheme = read(
        FILE.replace("cameras = 10", "cameras = 1e1")
        .replace(SIZE, "\nlist_size = 1000.0")
        .replace("faces_per_camera_per_day = 100", "faces_per_day = 1000")
        .replace("[scheme]", f"{TWO}{RATE}\n[scheme]")
    )
    assert scheme._replace(groups=()) == read()._replace(groups=())
    assert assess(scheme).false_alerts == assess(read()).false_alerts


def test_a_group_has_its_own_figures_or_those_of_the_operating_point() -> None:
    """Multiples, counts, and a rate of noticing; the operating point may then be empty."""
    own = TWO.replace("share = 0.5", "share = 0.5\nfalse_match_rate = 1e-7")
    text = FILE.replace(RATE, "").replace(AT, "").replace("[scheme]", f"{own}[scheme]")
    rates = [group.rates for group in read(text).groups]
    assert {rate.per_comparison for rate in rates} == {(1e-7, None, None)}
    assert {rate.true for rate in rates} == {(0.9, None, None)}
    times = changed("[scheme]", f"{TWO}times = 4\n[scheme]").groups
    assert times[0].rates.per_comparison is not None
    assert times[1].rates.per_comparison is not None
    assert times[1].rates.per_comparison.value == 4 * times[0].rates.per_comparison.value


def test_a_list_of_unknown_size_is_taken_as_it_is() -> None:
    """The figure is then good for that list, whether the scheme says so or says nothing."""
    met = FILE.replace(RATE, "preset = 'met-2025'").replace(AT, "")
    said = read(met.replace(SIZE, "\nlist_size = 'unknown'"))
    assert said == read(met.replace(SIZE, ""))
    assert said.list_size is None
    assert said.preset == "met-2025"


def test_a_name_cannot_steer_a_terminal() -> None:
    """Names become one line of signs that print."""
    assert read(f'name = "a\\u001b[31m\\nb"\n{FILE}').name == "a [31m b"
