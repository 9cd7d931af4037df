"""The study of sensitivity gives back known indices, says what is luck, and refuses what cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from sim.randomness import Draws, Purpose
from testbed.experiment import engine
from testbed.experiment.store import Store
from testbed.failure import BadInput, Failure
from testbed.studies.behaviour import parameters
from testbed.studies.sensitivity import design, indices, study
from testbed.studies.sensitivity.evaluation import Evaluation, Outcome, points_of
from testbed.studies.sensitivity.inputs import Input, inputs_of
from testbed.studies.sensitivity.page import above, sign
from tests.testbed.experiment.carriers import Serial
from tests.worlds import world

UNIT = [Input(name, 0.0, 1.0) for name in "abc"]
CIRCLE = [Input(name, -math.pi, math.pi) for name in "abc"]
LUCK_SD = 0.05
ONE_MODEL = "models: {old/model: {released: 2020-01-01, price_usd_per_mtok: 1.0}}\n"


def linear(seed, a, b, c):
    return 3 * a - 2 * b


def ishigami(seed, a, b, c):
    """Ishigami & Homma (1990) with the usual constants 7 and 0.1."""
    return math.sin(a) + 7 * math.sin(b) ** 2 + 0.1 * c**4 * math.sin(a)


def lucky(seed, a, b, c):
    """b changes nothing but who is lucky, a changes that, too, and c nothing at all."""
    number = int(Draws(seed).bits(Purpose.REPLICATE, round(1e6 * a + 1e3 * b))) % 10_000
    return a + LUCK_SD * math.sqrt(12) * (number / 10_000 - 0.5)


def silent(seed, a, b, c):
    """Cannot be told where c is high."""
    return None if c > 0.9 else a


FUNCTIONS = {
    "linear": linear,
    "ishigami": ishigami,
    "lucky": lucky,
    "silent": silent,
    "constant": lambda seed, **at: 0.3,
}


@dataclass(frozen=True)
class Made:
    """A job whose answers follow from its point."""

    point: tuple[str, ...]
    seed: int
    names: tuple[str, ...]

    @property
    def key(self):
        return "-".join(["made", str(self.seed), *(one.replace("=", "") for one in self.point)])

    def answers(self, tell):
        at = dict.fromkeys("abc", 0.5) | {
            key: float(unit) for key, unit in (one.split("=") for one in self.point)
        }
        values = {name: FUNCTIONS[name](self.seed, **at) for name in self.names}
        return {
            name: {"status": "ok", "holds": True, "value": value, "why": "made"}
            for name, value in values.items()
        }


@pytest.fixture
def serial(monkeypatch):
    monkeypatch.setattr(engine, "choose", lambda *_: Serial())


def evaluation(folder: Path, *names: str) -> Evaluation:
    def jobs(points, seeds):
        return [[Made(point, seed, names) for point in points] for seed in range(seeds)]

    return Evaluation([Outcome(name) for name in names], jobs, Store(folder), quiet=True)


def test_a_linear_function_has_its_slopes_as_effects(tmp_path, serial):
    size = study.Size(trajectories=4, repeated=1, kept=3, points=128)
    found = study.carry_out(UNIT, evaluation(tmp_path, "linear", "constant"), size)
    effects = found.effects[found.effects["outcome"] == 0]
    assert effects["mu"].tolist() == pytest.approx([3, -2, 0], abs=1e-4)
    assert effects["mu_star"].tolist() == pytest.approx([3, 2, 0], abs=1e-4)
    assert effects["sigma"].tolist() == pytest.approx([0, 0, 0], abs=1e-4)
    assert above(effects).tolist() == [True, True, False]
    assert found.kept == (0, 1, 2) and found.base[0].tolist() == [0.5, 0.3]
    shares = found.shares[found.shares["outcome"] == 0]
    assert shares["first"].tolist() == pytest.approx([9 / 13, 4 / 13, 0], abs=0.05)
    assert shares["total"].tolist() == pytest.approx([9 / 13, 4 / 13, 0], abs=0.05)
    assert (shares["first_margin"] > 0).tolist() == [True, True, False]
    flat = found.effects[found.effects["outcome"] == 1]
    assert flat["of_sd"].tolist() == [0, 0, 0] and not above(flat).any()
    assert found.shares[found.shares["outcome"] == 1]["total"].isna().all()


def test_ishigami_has_its_known_indices(tmp_path, serial):
    evaluate = evaluation(tmp_path, "ishigami")
    rows = design.blocks(3, 256, 1)
    shares = indices.shares(rows, evaluate(points_of(CIRCLE, rows), 1), 1, np.zeros((3, 1)))
    assert shares["first"].tolist() == pytest.approx([0.314, 0.442, 0], abs=0.06)
    assert shares["total"].tolist() == pytest.approx([0.558, 0.442, 0.244], abs=0.06)
    off = (shares["total"] - [0.558, 0.442, 0.244]).abs()
    assert (off < 1.5 * shares["total_margin"]).all() and (shares["total_margin"] < 0.25).all()


def test_what_only_changes_who_is_lucky_is_within_noise(tmp_path, serial):
    size = study.Size(trajectories=20, repeated=20, kept=2, points=32)
    found = study.carry_out(UNIT, evaluation(tmp_path, "lucky"), size)
    a, b, c = found.effects.itertuples()
    assert 0 < b.mu_star < b.floor and a.mu_star > a.floor and c.mu_star == 0
    assert above(found.effects).tolist() == [True, False, False]
    # A step of b differs between seeds as two independent lucks do: variance 2, drawn towards the mean over parameters.
    assert found.noise[1, 0] == pytest.approx(2 * LUCK_SD**2, rel=0.6)
    assert found.noise[2, 0] < found.noise[1, 0] and found.kept == (0, 1)
    total, floor = found.shares["total"], found.shares["floor"]
    assert total[0] > 0.8 and total[1] < floor[1] < 0.1


def test_without_a_second_seed_nothing_is_called_luck(tmp_path, serial):
    size = study.Size(trajectories=4, repeated=0, kept=2, points=8)
    found = study.carry_out(UNIT, evaluation(tmp_path, "lucky"), size)
    assert found.effects["floor"].isna().all() and above(found.effects).tolist() == [True, True, False]
    assert found.base.shape == (1, 1)


def test_several_seeds_are_averaged_and_lower_the_floor(tmp_path, serial):
    rows = design.trajectories(3, 10, 1)
    values = evaluation(tmp_path, "lucky")(points_of(UNIT, rows), 4)
    noise = indices.luck(rows, values)
    one, four = (indices.screening(rows, values, seeds, noise) for seeds in (1, 4))
    assert (four["floor"] / one["floor"]).tolist() == pytest.approx([0.5] * 3)
    assert four["mu_star"][1] < one["mu_star"][1]


def test_walks_that_cannot_tell_are_left_out_and_counted(tmp_path, serial):
    rows = design.trajectories(3, 12, 1)
    values = evaluation(tmp_path, "silent")(points_of(UNIT, rows), 1)
    told = np.isfinite(values[0, :, 0].reshape(-1, 4)).all(axis=1).sum()
    found = indices.screening(rows, values, 1, indices.luck(rows, values))
    assert 4 <= told < 12 and found["told"].tolist() == [told] * 3
    assert found["mu"].tolist() == pytest.approx([1, 0, 0], abs=1e-4)
    few = indices.screening(rows, np.where(rows[None, :, 2:] > 0.3, np.nan, values), 1, np.zeros((3, 1)))
    assert few["mu"].isna().all() and (few["told"] < 4).all()


def test_what_is_remembered_is_not_run_again(tmp_path, monkeypatch):
    size = study.Size(trajectories=4, repeated=1, kept=2, points=8)
    monkeypatch.setattr(engine, "choose", lambda *_: Serial())
    first = evaluation(tmp_path, "linear")
    before = study.carry_out(UNIT, first, size)
    assert len(first.seconds) <= size.runs(3) == 2 + 4 * 4 + 4 + 8 * 4
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("what is remembered was run again"))
    again = evaluation(tmp_path, "linear")
    assert study.carry_out(UNIT, again, size).effects.equals(before.effects)
    assert again.seconds == first.seconds


def test_a_run_that_fails_ends_the_study(tmp_path, serial, monkeypatch):
    monkeypatch.setitem(FUNCTIONS, "linear", lambda seed, **at: 1 / 0)
    with pytest.raises(Failure, match=r"the run with seed 0: .*division by zero"):
        study.carry_out(UNIT, evaluation(tmp_path, "linear"), study.Size())


def test_an_outcome_that_moves_in_one_block_alone_is_judged():
    rows = design.blocks(3, 8, 1)
    values = np.zeros((1, len(rows), 1))
    values[0, 0] = 1.0
    found = indices.shares(rows, values, 1, np.zeros((3, 1)))
    assert found["total"].notna().all() and (found["told"] == 8).all()


def test_designs_walk_every_parameter_alike():
    rows = design.trajectories(5, 6, 1)
    begins, moved = indices.moved(rows)
    assert rows.shape == (36, 5) and np.bincount(moved).tolist() == [6] * 5
    assert np.abs(rows[begins + 1] - rows[begins]).sum(axis=1) == pytest.approx(design.STEP)
    assert design.blocks(5, 16, 1).shape == (16 * design.block_length(5), 5)
    assert (design.blocks(5, 32, 1)[: 16 * design.block_length(5)] == design.blocks(5, 16, 1)).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"points": 12}, "12 points: expected a power of 2"),
        ({"points": 4}, "4 points"),
        ({"trajectories": 3, "repeated": 1}, "3 trajectories: expected at least 4"),
        ({"repeated": 11}, "11 trajectories to repeat: expected at most 10"),
        ({"kept": 1}, "1 parameters: expected at least 2"),
    ],
)
def test_a_size_that_cannot_be_is_refused_before_any_run(change, said):
    with pytest.raises(BadInput, match=said):
        study.check(study.Size(**change), 36)


def test_the_default_size_is_what_the_budget_allows():
    """20 minutes on two cores, at 3 s a run."""
    assert study.Size().runs(len(parameters())) * 3 / 2 < 20 * 60


def test_wide_ranges_are_walked_on_a_log_scale():
    wide, narrow, from_0 = Input("x.wide", 1, 16), Input("x.narrow", 1, 3), Input("x.from_0", 0, 2)
    assert [one.scale for one in (wide, narrow, from_0)] == ["log", "linear", "linear"]
    assert [one.at(0.5) for one in (wide, narrow, from_0)] == pytest.approx([4, 2, 1])
    assert (wide.setting(0), wide.setting(1)) == ("x.wide=1", "x.wide=16")


@pytest.mark.parametrize("unit", [-0.1, 1.01])
def test_a_value_out_of_its_range_is_refused_by_name(unit):
    with pytest.raises(BadInput, match=r"search.outside_option: -?1\.\d+ lies outside its range, -1 to 1"):
        Input("search.outside_option", -1, 1).setting(unit)


def test_a_mechanism_that_is_off_is_not_switched_on():
    varied, left_out = inputs_of(world(f"{ONE_MODEL}mechanisms: {{lock_in: on}}"), parameters())
    keys = {one.key for one in varied}
    assert "mechanisms.lock_in.strength" in keys and "search.outside_option" in keys
    assert {"mechanisms.regret.noise", "mechanisms.upgrade.share"} <= set(left_out)
    assert len(varied) + len(left_out) == len(parameters())


def test_an_outcome_is_a_value_or_a_number_of_an_answer():
    answer = {"value": 0.2, "numbers": {"ratio": {"value": None, "unit": "ratio"}, "later": {"value": 0.1}}}
    plain, ratio, later = (Outcome.named(name) for name in ("R(5)", "Mini: ratio", "Mini: later"))
    record = {"patterns": dict.fromkeys((plain.name, ratio.name, later.name, "Mini: last"), answer)}
    assert (plain.of(record), later.of(record)) == (0.2, 0.1) and math.isnan(ratio.of(record))
    with pytest.raises(
        BadInput, match="'Mini: last': the pattern gives no number 'last'; it gives ratio, later"
    ):
        Outcome.named("Mini: last").of(record)


@pytest.mark.parametrize(
    ("mu", "mu_star", "is_above", "shown"),
    [(0.2, 0.2, True, "+"), (-0.2, 0.3, True, "−"), (0.05, 0.2, True, "±"), (0.2, 0.2, False, "·")],
)
def test_an_effect_has_one_sign(mu, mu_star, is_above, shown):
    assert sign(mu, mu_star, is_above) == shown
