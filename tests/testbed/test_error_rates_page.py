"""The page on error rates: what it states is what was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.inference.cohorts.populations import Prior
from testbed.experiment import engine
from testbed.experiment.runs import failed
from testbed.studies import error_rates, panels, returns, sizes
from testbed.studies.returns import AGE, COHORT
from testbed.studies.sizes import COLUMNS, HELD_OUT, SHARES, Setting, power_by_size
from tests.testbed.experiment import carriers

SMALL = Setting("small", Prior(), 5, 8, launch=60, later=40)


@pytest.fixture
def small(monkeypatch):
    """Few users everywhere."""
    monkeypatch.setattr(returns, "USERS", (60,))
    monkeypatch.setattr(sizes, "SIZES", ((60, 40), (80, 40)))
    monkeypatch.setattr(error_rates, "HELD_OUT", (SMALL,))


def test_the_page_states_the_rates_of_each_family(small):
    found = error_rates.study([SMALL], runs=2, seed=1)
    assert found == error_rates.study([SMALL], runs=2, seed=1)
    by_size, back = error_rates.powers([SMALL], 2, 1), error_rates.returns([SMALL], 2, 1)
    assert back == error_rates.returns([SMALL], 2, 1)
    page = error_rates.markdown(found, by_size, back, 2, "the command")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) == 3 + len(found[SMALL]) + len(by_size[SMALL]) + len(back[SMALL, 60])
    comeback, rates = back[SMALL, 60][-1]
    cells = " | ".join(f"{100 * rates[name]:.1f}" for name in returns.COLUMNS[:-1])
    assert f"| small | 60 | {comeback.name} | {cells} | **{100 * rates['boomerang']:.1f}** |" in page
    assert by_size[SMALL].keys() == {(60, 40), (80, 40)}
    cells = " | ".join(f"{100 * by_size[SMALL][60, 40][share]:.1f}" for share in SHARES)
    assert f"| small | 60 / 40 | {cells} |" in page
    family, rates = found[SMALL][1]
    assert f"| {family.name} | {100 * rates[COLUMNS[0]]:.1f} |" in page
    assert "`the command`" in page
    assert "held out" in page


def test_the_worst_rate_is_that_of_a_null_only():
    families = [family for family, _ in error_rates.study([SMALL], runs=1, seed=1)[SMALL]]
    rates = dict.fromkeys(COLUMNS, 0.0)
    rows = [(f, rates | {"verdict": 1.0 if f.loyal else 0.03 * (f.name == "seasons")}) for f in families]
    assert error_rates.worst({SMALL: rows})[:2] == (0.03, "seasons; small")
    other = [(f, r | {"verdict": 0.4}) for f, r in rows]
    said = error_rates.least_powers({SMALL: rows, replace(SMALL, name="other"): other})
    assert said.startswith("**40.0%** with 10% loyal at launch (other); **40.0%** with 15%")


def test_the_worst_boomerang_is_a_null_and_the_least_power_a_planted_return():
    families = returns.families(SMALL, 600)
    rows = [
        (f, {"boomerang": 0.9 - 0.2 * f.stays if f.share == 0.3 else 0.04 * (f.name == "seasons")})
        for f in families
    ]
    more = [(f, {"boomerang": 0.0}) for f in returns.families(SMALL, 2000)]
    false, where, power, power_where = error_rates.worst_return({(SMALL, 600): rows, (SMALL, 2000): more})
    assert (false, where) == (0.04, "seasons; small, cohorts of 600")
    assert power == pytest.approx(0.7)
    assert power_where == "30% return and stay; small, cohorts of 600"


def test_returns_are_planted_among_the_lapsed_alone():
    for stays in (False, True):
        family = returns.returning(SMALL, 3000, 0.3, stays)
        panel = family.draw(np.random.default_rng(5))
        before = family.population.draw(np.random.default_rng(5))
        changed = panel.active != before.active
        assert set(panel.cohort[changed.any(axis=1)]) == {COHORT}
        lapsed = (before.cohort == COHORT) & ~before.active[:, COHORT + AGE - 1 :].any(axis=1)
        back = panel.active[:, COHORT + AGE] & lapsed
        assert back.sum() / lapsed.sum() == pytest.approx(0.3, abs=0.04)
        assert not changed[~lapsed].any()
        assert panel.active[lapsed, COHORT + AGE + 1 :].any() == stays


def test_boomerangs_on_held_out_users():
    """False positives at most 5% and power of 80% at 30% returners and 600 users, each within three standard errors of
    24 runs."""
    setting, rng = HELD_OUT[2], np.random.default_rng(77)
    nulls = {f.name: returns.measure(f, rng, 24) for f in returns.nulls(setting, 600)[1:4]}
    assert max(rates["boomerang"] for rates in nulls.values()) <= 0.05 + 3 * (0.05 * 0.95 / 24) ** 0.5
    assert nulls["seasons"]["log-convexity"] > 0.3
    rates = returns.measure(returns.returning(setting, 600, 0.3, False), rng, 24)
    assert rates["boomerang"] >= 0.8 - 3 * (0.8 * 0.2 / 24) ** 0.5


def test_naive_tests_take_a_season_for_a_return_where_the_boomerang_does_not():
    setting = HELD_OUT[1]
    seasons = next(f for f in returns.nulls(setting, 2000) if f.name == "seasons")
    rates = returns.measure(seasons, np.random.default_rng(78), 12)
    assert min(rates["McNemar"], rates["isotonic"], rates["log-convexity"]) >= 0.5
    assert rates["boomerang"] <= 2 / 12


def test_power_grows_with_share_and_size():
    rates = power_by_size(HELD_OUT[2], np.random.default_rng(3), 12, ((200, 200), (1500, 500)))
    assert rates[1500, 500][0.25] >= 0.9 > 0.5 >= rates[200, 200][0.05]
    assert rates[1500, 500][0.15] >= rates[200, 200][0.15]
    assert max(by_share[0.0] for by_share in rates.values()) <= 2 / 12


def test_a_page_is_written_where_asked_from_what_is_remembered(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(error_rates, "REFERENCE", SMALL)
    monkeypatch.setattr(engine, "choose", lambda *_: carriers.Serial())
    out, memory = tmp_path / "pages" / "rates.md", tmp_path / "memory"
    argv = ["--runs", "2", "--out", str(out), "--memory", str(memory)]
    assert error_rates.main(argv) == 0
    assert "--runs 2" in out.read_text()
    assert capsys.readouterr().out.strip() == str(out)
    found = error_rates.study([SMALL], 2, error_rates.SEED)  # measured here, without the engine
    for family, rates in found[SMALL]:
        assert f"| {family.name} | {100 * rates[COLUMNS[0]]:.1f} |" in out.read_text()
    first = out.read_text()
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("what is remembered was measured again"))
    assert error_rates.main(argv) == 0 and out.read_text() == first


def test_a_run_that_fails_is_said_and_measured_again(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(error_rates, "REFERENCE", SMALL)
    monkeypatch.setattr(engine, "choose", lambda *_: carriers.Serial(lambda run: failed(run, "no luck")))
    argv = ["--runs", "2", "--out", str(tmp_path / "rates.md"), "--memory", str(tmp_path / "memory")]
    assert error_rates.main(argv) == 1 and not (tmp_path / "rates.md").exists()
    assert "small, tests 0: no luck" in capsys.readouterr().err
    (tmp_path / "memory" / "notes.json").write_text("mine")
    key = panels.tests_of(SMALL, 2, error_rates.SEED)[0].key
    (tmp_path / "memory" / f"{key}.json").write_text("mine")
    assert error_rates.main(argv) == 2
    assert "slipper did not write this file" in capsys.readouterr().err


def test_a_run_of_panels_is_known_by_all_that_it_depends_on():
    run = panels.tests_of(SMALL, 2, 1)[0]
    others = [
        replace(run, runs=3), replace(run, seed=2), replace(run, place=1), replace(run, question="returns"),
        replace(run, version="another"), replace(run, setting=replace(SMALL, later=41)),
    ]  # fmt: skip
    assert len({run.key, *(other.key for other in others)}) == 7
    assert replace(run).key == run.key
