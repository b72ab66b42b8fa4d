"""Run-ups and ordinary traffic go through the real watch; small ones here."""

import math
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from plainview.app.alarms import Size, about, exact, run_up_trials, run_up_truth, spot, truth_of
from plainview.evaluate.erring import Erring
from plainview.evaluate.error_model import exact_model, limit_model, measured_model
from plainview.evaluate.simulated import readings
from plainview.evaluate.watching import Watching, true_pressure
from plainview.store import Retention
from plainview.store.open import open_store
from plainview.synth.packed import Surge, packed


def test_the_truth_of_a_place_holds_everybody() -> None:
    """Each second's cells sum to the people who stand there."""
    place = spot((0.0, 0.0, 6.0, 5.0))
    walks = packed((0.0, 0.0, 6.0, 5.0), (3.0, 3.0), 4.0, 1)
    truth = truth_of(walks, place, 3)
    assert truth.density.shape == (3, 5, 6)
    assert truth.density[1].sum() == pytest.approx(len(walks.people), abs=2)


def test_pressure_is_true_where_a_packed_crowd_is_pushed() -> None:
    """Waves of 0.15 m/s through 6 people/m² have pressure; a crowd that stands has next to none."""
    place = spot((0.0, 0.0, 6.0, 6.0))
    found = []
    for speed in (0.0, 0.15):
        surge = Surge(speed=speed, length=7.0)
        walks = packed((0.0, 0.0, 6.0, 6.0), (6.0, 6.0), 22.0, 3, surge=surge)
        truth = truth_of(walks, place, 22)
        fields = [exact(truth.at(k), k + 1.0, place) for k in range(22)]
        found.append(true_pressure(fields, 4.0)[-1])
    still, pushed = found
    assert still < 0.01
    assert pushed > 0.05


def test_an_empty_place_raises_nothing(tmp_path: Path) -> None:
    """Twenty seconds of nobody, seen with the errors that were measured: no alert."""
    place = spot((0.0, 0.0, 6.0, 5.0))
    truth = truth_of(packed((20.0, 20.0, 22.0, 22.0), (1.0, 1.0), 2.0, 1), place, 2)
    model = measured_model()
    erring = Erring(model, place.inside.shape, np.random.default_rng(1))
    keep = Retention()
    with closing(open_store(f"sqlite:{tmp_path}/alerts.db", keep)) as store:
        watch = Watching(place.ground, place.view, place.inside, store)
        moments = map(truth.at, range(20))
        told = readings(moments, place.view.grid(), erring, model.width)
        assert [one for reading in told for one in watch.look(reading)] == []


def test_a_run_up_that_has_only_begun_is_no_crush() -> None:
    """Its first twenty seconds, through two cameras: nobody is crushed, no alarm is raised."""
    trials = run_up_trials(run_up_truth(1, seconds=20), measured_model(), 2)
    assert len(trials) == 2
    assert all(math.isnan(trial.moments.crush) for trial in trials)
    assert all(one.level != "alarm" for trial in trials for one in trial.raised)


def test_what_was_done_stands_above_the_table() -> None:
    """How many run-ups, how many hours, and what a crush is."""
    text = about(measured_model(), Size(hours=12.0))
    assert "12 camera-hours" in text
    assert "7 people/m²" in text
    assert "keeps to its limits" in about(limit_model(), Size())
    assert "no errors" in about(exact_model(), Size())
