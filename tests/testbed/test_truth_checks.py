"""The checks on the truth: in worlds with causes on and off, and on truths made by hand whose answers are known."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import sim
from sim.scenario.shipped import WORLDS
from testbed.failure import BadInput
from testbed.truth_checks import TruthCheck, check, estimate, planted
from testbed.truth_checks.claim import LEAST
from testbed.truth_checks.launches import over_represented
from testbed.truth_checks.returns import moved_back, returners
from testbed.truth_checks.rivals import NO_JUMP, exits, stay_when_rivals_come
from testbed.truth_checks.truth import Truth, read
from testbed.truth_checks.windows import window_closes
from tests.sim.traffic_world import shipped
from tests.worlds import PLAIN

USERS = 4000
ARMS = {
    "shipped": [],
    "no fit": ["mechanisms.fit=off"],
    "no lock-in": ["mechanisms.lock_in=off"],
    "no backlog": ["mechanisms.backlog=off"],
    # No new work comes after the start, and the world is long enough to see month 5 of cohorts after the rival.
    "no newcomers": ["population.initial_share=1", "end=2025-12-31"],
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of arms of the world with one frontier model."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        name: sim.run(
            shipped("one-frontier-model"), users=USERS, settings=settings, out=folder, workers=1
        ).path
        for name, settings in ARMS.items()
    }


def named(folder) -> dict[str, TruthCheck]:
    return {found.name: found for found in check(folder)}


# --- worlds with causes on and off --------------------------------------------------------------------------------


def test_whom_no_earlier_model_served_join_at_launch_and_stay_where_fit_counts(runs):
    found = named(runs["shipped"])["over-represented"]
    assert found.verdict == "holds"
    assert found.low > 2 and found.low < found.value < found.high


def test_without_fit_those_who_wait_still_come_early_and_the_claim_fails(runs):
    """Attention alone over-represents them: the odds ratio is above 1, and only staying tells the two apart."""
    found = named(runs["no fit"])["over-represented"]
    assert found.low > 1
    assert found.verdict == "fails"
    assert "not that the model fits" in found.words


def test_without_a_backlog_nobody_waits_for_the_launch(runs):
    found = named(runs["no backlog"])["over-represented"]
    assert found.high < 1 and found.verdict == "fails"


def test_without_lock_in_first_fits_leave_for_a_better_rival(runs):
    found = named(runs["no lock-in"])["stay"]
    assert found.verdict == "fails" and found.low > NO_JUMP
    assert "first fits leave too" in found.words
    locked = named(runs["shipped"])["stay"]
    assert locked.verdict == "holds" and locked.high < NO_JUMP
    assert "makes nobody leave" in locked.words


def test_the_window_closes_only_where_no_new_work_finds_the_model_after_the_rival(runs):
    """In the shipped world new work goes on coming, and the model still solves it after a rival does, too."""
    assert named(runs["no newcomers"])["window"].verdict == "holds"
    for arm in ("shipped", "no fit", "no backlog"):
        assert named(runs[arm])["window"].verdict == "fails", arm


def test_returns_are_counted_by_workload(runs):
    found = named(runs["shipped"])["returners"]
    assert found.verdict == "not_testable" and np.isnan(found.value)
    assert str(LEAST) in found.words


def four_times(truth: Truth, user: np.ndarray) -> Truth:
    """Each workload four times over, with the users (4 n,) that are given."""
    n = len(truth.user)
    spells = pd.concat([truth.spells.assign(workload=truth.spells["workload"] + i * n) for i in range(4)])
    work = {
        name: np.concatenate([getattr(truth, name)] * 4)
        for name in ("solves", "usable", "affordable", "category")
    }
    return replace(
        truth, user=user, spells=spells.sort_values(["workload", "start"], ignore_index=True), **work
    )


@pytest.mark.parametrize("judge", [over_represented, stay_when_rivals_come, window_closes])
def test_workloads_of_one_user_count_as_one_cluster(runs, judge):
    """A user with four workloads that do the same says no more than with one; four users say four times more."""
    truth = read(runs["no lock-in"])
    once, n = judge(truth), int(truth.user.max()) + 1
    copy = np.repeat(np.arange(4), len(truth.user))
    same = judge(four_times(truth, np.tile(truth.user, 4)))
    others = judge(four_times(truth, np.tile(truth.user, 4) + n * copy))
    assert same.value == pytest.approx(once.value) and others.value == pytest.approx(once.value)
    width = once.high - once.low
    assert same.high - same.low == pytest.approx(width, rel=0.05)
    assert others.high - others.low == pytest.approx(width / 2, rel=0.05)


def test_the_odds_ratio_is_that_of_the_table(runs):
    """Counted by hand from the tables of the truth, for the two models that were released within the world."""
    folder = runs["shipped"]
    work, spells, abilities = (
        pd.read_parquet(folder / "truth" / f"{name}.parquet") for name in ("workloads", "spells", "abilities")
    )
    able = abilities.set_index("model")["programming"]
    price = {"old/model": 1.0, "new/frontier": 3.0, "rival/later": 2.5}
    released = {"new/frontier": dt.date(2025, 1, 15), "rival/later": dt.date(2025, 5, 10)}
    cells = []
    for model, day in released.items():
        earlier = [m for m in price if m not in released or released[m] < day]

        def solved(m):
            return (work["hardness"] <= able[m]) & (work["willingness_usd_per_mtok"] >= price[m])

        first = solved(model) & ~np.any([solved(m) for m in earlier], axis=0)
        joined = pd.to_datetime(spells[spells["model"] == model].groupby("workload")["start"].min())
        months = (joined.dt.year - day.year) * 12 + joined.dt.month - day.month
        mine = first[joined.index]
        cells.append([(mine & (months == 0)).sum(), (~mine & (months == 0)).sum(),
                      (mine & (months >= 2)).sum(), (~mine & (months >= 2)).sum()])  # fmt: skip
    # Mantel and Haenszel (1959)
    table = np.array(cells, dtype=float)
    a, b, c, d = table.T
    total = table.sum(axis=1)
    assert named(folder)["over-represented"].value == pytest.approx(
        (a * d / total).sum() / (b * c / total).sum()
    )


# --- truths made by hand ------------------------------------------------------------------------------------------

DAYS = 365
OLD, NEW, RIVAL = range(3)
RELEASED = np.array([-30, 106, 221])  # in a year from 1 October: 15 January and 10 May


def truth_of(spells: list[tuple[int, int, str, int, int, str]], first: np.ndarray) -> Truth:
    """A truth of three models, each more able than the one before; `first` names each workload's first fit, or -1."""
    names = ["workload", "model", "kind", "start", "end", "reason"]
    solves = (first[:, None] >= 0) & (np.arange(3) >= first[:, None])
    return Truth(
        start=dt.date(2024, 10, 1), days=DAYS, names=["old", "new", "rival"], released=RELEASED,
        ability=np.array([[1.0], [2.0], [2.1]]), successor=np.full(3, -1), line=np.full(3, -1), solves=solves,
        usable=np.ones_like(solves), affordable=np.ones_like(solves), category=np.zeros(len(first), np.int64),
        user=np.arange(len(first)), spells=pd.DataFrame(spells, columns=names),
    )  # fmt: skip


MISJUDGED = """
title: Misjudged trials
models:
  a/one: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 2.0, reach: 1.0}
  b/two: {released: 2024-12-01, price_usd_per_mtok: 1.0, ability: 2.0, reach: 1.0}
search: {outside_option: -9}
workloads: {hardness: 0.0}
mechanisms:
  fit: {match_sd: 0.4}
  information: {enabled: off, cap: 9}
  rival_trials: {look_every_days: 6, trial_days: 3, inertia: -9, silent_share: 0.5}
  regret: {noise: 0.6, look_back: 0.5}
"""


def to_rival(w: int, begin: int, day: int) -> list[tuple[int, int, str, int, int, str]]:
    """A home with the new model from `begin` on that is left for the rival on `day`, after a trial beside it."""
    return [
        (w, NEW, "home", begin, day, "moved"), (w, RIVAL, "rival", day - 3, day, "embedded"),
        (w, RIVAL, "home", day, DAYS, "horizon"),
    ]  # fmt: skip


def around_the_rival(first_leave: float, others_leave: float, size: int = 600, late: int = 0) -> TruthCheck:
    """Homes with the new model, half of them first fits; these shares move to the rival in the month after it.

    `late` first fits more begin after the rival's release, and all of them move within a month.
    """
    first = np.where(np.arange(2 * size + late) % 2, OLD, NEW)
    first[2 * size :] = NEW
    spells = []
    for w in range(2 * size):
        moves = w // 2 < (first_leave if first[w] == NEW else others_leave) * size
        spells += to_rival(w, 110, 240) if moves else [(w, NEW, "home", 110, DAYS, "horizon")]
    for w in range(2 * size, 2 * size + late):
        spells += to_rival(w, 222, 260)
    return stay_when_rivals_come(truth_of(spells, first))


@pytest.mark.parametrize(
    ("first", "others", "verdict", "words"),
    [
        (0.0, 0.2, "holds", "first fits stay, others leave"),
        (0.0, 0.0, "holds", "makes nobody leave"),
        (0.2, 0.2, "fails", "first fits leave too"),
        (0.2, 0.0, "fails", "first fits leave too"),
        # Fewer than of the others, but they jump: a difference in differences alone would call this staying.
        (0.2, 0.6, "fails", "first fits leave too"),
    ],
)
def test_staying_asks_that_first_fits_do_not_jump(first, others, verdict, words):
    found = around_the_rival(first, others)
    assert found.verdict == verdict
    assert words in found.words
    assert found.low <= found.value <= found.high
    # All of them at risk in the first month, those who stayed in two more.
    assert found.value == pytest.approx(first / (3 - 2 * first))


def test_few_users_do_not_settle_whether_first_fits_stay():
    found = around_the_rival(0.0, 0.5, size=20)
    assert found.value == 0 and found.high > NO_JUMP
    assert found.verdict == "not_testable"


def test_who_began_after_the_rival_is_not_asked_to_stay():
    assert around_the_rival(0.0, 0.2, late=300) == around_the_rival(0.0, 0.2)
    assert exits(truth_of(to_rival(0, 222, 260), np.array([NEW]))).empty


SILENT_MOVE = [(0, NEW, "home", 110, 236, "silent"), (0, RIVAL, "rival", 236, 240, "embedded"),
               (0, RIVAL, "home", 240, DAYS, "horizon")]  # fmt: skip
LOOKED = [(0, NEW, "home", 110, 236, "silent"), (0, RIVAL, "rival", 236, 240, "returned"),
          (0, NEW, "home", 240, DAYS, "horizon")]  # fmt: skip
RETURN = [*to_rival(0, 110, 240)[:2], (0, RIVAL, "home", 240, 300, "moved"), (0, NEW, "rival", 296, 300, "embedded"),
          (0, NEW, "home", 300, DAYS, "horizon")]  # fmt: skip
UPGRADED = [(0, NEW, "home", 110, 236, "upgrading"), (0, RIVAL, "upgrade", 236, 240, "embedded"),
            (0, RIVAL, "home", 240, DAYS, "horizon"), (0, NEW, "beside", 240, 270, "phased_out")]  # fmt: skip
FOUND_AGAIN = [(0, NEW, "home", 110, 240, "price"), (0, NEW, "trial", 280, 284, "embedded"),
               (0, NEW, "home", 284, DAYS, "horizon")]  # fmt: skip
MIGRATED = [(0, OLD, "home", 10, 120, "migrated"), (0, NEW, "home", 120, DAYS, "horizon")]


@pytest.mark.parametrize(
    ("spells", "tenures", "back"),
    [
        (SILENT_MOVE, [(NEW, 110, 240, RIVAL), (RIVAL, 240, DAYS, -1)], 0),
        (LOOKED, [(NEW, 110, DAYS, -1)], 0),
        (RETURN, [(NEW, 110, 240, RIVAL), (RIVAL, 240, 300, NEW), (NEW, 300, DAYS, -1)], 1),
        (UPGRADED, [(NEW, 110, 240, RIVAL), (RIVAL, 240, DAYS, -1)], 0),
        (FOUND_AGAIN, [(NEW, 110, 240, -1), (NEW, 284, DAYS, -1)], 0),
        (MIGRATED, [(OLD, 10, 120, -1), (NEW, 120, DAYS, -1)], 0),
    ],
)
def test_a_home_is_left_by_a_move_and_not_by_silence_loss_or_migration(spells, tenures, back):
    truth = truth_of([*spells, (1, NEW, "home", 110, DAYS, "horizon")], np.array([NEW, NEW]))
    found = truth.tenures
    assert found[found["workload"] == 0].iloc[:, 1:].apply(tuple, axis=1).tolist() == tenures
    assert moved_back(truth) == back


def test_who_returns_was_away_meanwhile_and_can_leave_again():
    """A return begins a tenure of its own: the months away are not at risk, the exit before them is one."""
    panel = exits(truth_of(RETURN, np.array([NEW])))
    assert panel["exit"].tolist() == [False, False, False, True]


def test_a_later_model_of_the_line_is_no_rival_and_an_upgrade_is_no_exit():
    lines = np.array([-1, 5, 5])
    apart = truth_of(UPGRADED, np.array([NEW]))
    assert exits(apart)["exit"].tolist() == [False, False, False, True]
    assert exits(replace(apart, line=lines)).empty


def test_moves_back_are_counted_as_they_were_made(tmp_path):
    """In a world where trials are misjudged, against what the spells say workload by workload."""
    (tmp_path / "plain.yaml").write_text(PLAIN)
    (tmp_path / "regret.yaml").write_text("extends: plain.yaml\n" + MISJUDGED)
    found = {}
    for word in ("on", "off"):
        run = sim.run(tmp_path / "regret.yaml", settings=[f"mechanisms.regret.enabled={word}"], users=300,
                      out=tmp_path / "out", workers=1)  # fmt: skip
        spells = pd.read_parquet(run.path / "truth" / "spells.parquet")
        homes = spells[spells["kind"] == "home"].sort_values(["workload", "start"])
        back = 0
        for _, own in homes.groupby("workload"):
            models = own["model"].astype(str).tolist()
            changes = [model for i, model in enumerate(models) if i == 0 or model != models[i - 1]]
            back += sum(model in changes[:i] for i, model in enumerate(changes))
        found[word] = moved_back(read(run.path))
        assert found[word] == back
    assert found["on"] > 10 and found["off"] == 0


def launched(odds: float, first_stay: float, others_stay: float) -> TruthCheck:
    """1,000 join the new model in January and 1,000 in March; first fits are `odds` to 1 at launch, 1 to 1 later."""
    first, spells = [], []
    for w in range(2000):
        launch, i = w < 1000, w % 1000
        fit = i < 1000 * (odds / (1 + odds) if launch else 0.5)
        first.append(NEW if fit else OLD)
        start = 110 if launch else 160
        # Every hundredth joiner in turn, so that those who stay are not those who fit.
        stays = (i * 37) % 100 < 100 * (first_stay if fit else others_stay)
        spells.append((w, NEW, "trial", start, 330 if stays else start + 5, "misfit"))
    return over_represented(truth_of(spells, np.array(first)))


@pytest.mark.parametrize(
    ("odds", "first", "others", "verdict"),
    [
        (3.0, 0.6, 0.1, "holds"),
        (3.0, 0.4, 0.4, "fails"),  # early, but no longer than others
        (1.0, 0.6, 0.1, "fails"),  # they stay, but come at any time
    ],
)
def test_over_representation_asks_that_first_fits_stay(odds, first, others, verdict):
    found = launched(odds, first, others)
    assert found.value == pytest.approx(odds, rel=0.02)
    assert found.verdict == verdict
    if verdict == "fails" and odds > 1:
        assert found.low > 1


def cohorts(before: float, after: float, size: int = 300) -> TruthCheck:
    """Cohorts of February and of June (the rival comes in May), of which these shares use the model until the end."""
    spells = []
    for w in range(2 * size):
        start = 130 if w < size else 250
        stays = w % size < (before if w < size else after) * size
        spells.append((w, NEW, "home", start, DAYS if stays else start + 5, "ended"))
    # Who comes in the closing month belongs to neither.
    spells += [(w, NEW, "home", 215, DAYS, "horizon") for w in range(2 * size, 2 * size + 50)]
    return window_closes(truth_of(spells, np.full(2 * size + 50, NEW)))


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (0.4, 0.05, "holds"),
        (0.4, 0.4, "fails"),
        (0.05, 0.05, "fails"),  # never open
        (0.7, 0.4, "fails"),  # less, but those after stay
        (0.4, 0.14, "not_testable"),
    ],
)
def test_the_window_is_closed_where_those_after_the_rival_hardly_stay(before, after, verdict):
    found = cohorts(before, after)
    assert found.verdict == verdict
    assert found.n == 600
    assert found.value == pytest.approx(before - after, abs=0.005)


def test_without_a_rival_no_window_closes():
    truth = truth_of([(w, NEW, "home", 130, DAYS, "horizon") for w in range(100)], np.full(100, NEW))
    truth = replace(truth, ability=np.array([[1.0], [2.0], [1.5]]))
    assert window_closes(truth).verdict == "not_testable"


def test_returns_of_one_user_count_as_one_cluster():
    """60 users whose four workloads all return alike: as uncertain as 60 returns."""
    spells = []
    for w in range(240):
        spells += [(w, NEW, "home", 110, 120, "moved"), (w, NEW, "home", 190, 200, "moved")]
        if w // 4 < 36:
            spells.append((w, RIVAL, "home", 140, 150, "moved"))
    truth = truth_of(spells, np.full(240, NEW))
    alone, together = returners(truth), returners(replace(truth, user=np.arange(240) // 4))
    assert alone.value == together.value == 0.6 and alone.n == together.n == 240
    assert alone.verdict == "holds" and together.verdict == "fails"
    assert together.high - together.low == pytest.approx(2 * (alone.high - alone.low), rel=0.05)


# --- intervals ----------------------------------------------------------------------------------------------------


def test_intervals_of_single_observations_are_the_textbook_ones():
    hit, group = np.repeat([True, False, True, False], [30, 70, 10, 90]), np.repeat([True, False], 100)
    one, own = np.zeros(200, np.int64), np.arange(200)
    odds = estimate.odds_ratio(hit, group, one, own)
    woolf = 1.959964 * math.sqrt(1 / 30 + 1 / 70 + 1 / 10 + 1 / 90)
    assert odds.value == pytest.approx(30 * 90 / (70 * 10))
    assert math.log(odds.high / odds.value) == pytest.approx(woolf, rel=0.005)
    from analysis.proportions import newcombe, wilson

    risen = estimate.change(hit, group, own)
    assert (risen.low, risen.high) == pytest.approx(newcombe(10, 100, 30, 100), abs=0.002)
    share = estimate.share(hit, own)
    assert (share.low, share.high) == pytest.approx(wilson(40, 200), abs=0.002)


def test_shares_of_0_have_an_interval_and_clusters_widen_it():
    nothing, own = np.zeros(200, bool), np.arange(200)
    assert 0 < estimate.share(nothing, own).high < estimate.share(nothing, own // 4).high
    after = own % 2 == 0
    assert 0 < estimate.change(nothing, after, own).high < estimate.change(nothing, after, own // 8).high


def test_intervals_cover_where_users_have_several_like_workloads():
    """400 samples of 150 users with four workloads each, which mostly agree: 95% intervals miss in at most 8%.

    With a true rate of 5%, more than 8% of 400 misses come by chance in under 1%. Without clusters some 30% are missed.
    """
    rng = np.random.default_rng(7)
    user = np.repeat(np.arange(150), 4)
    group = (user % 2).astype(bool)
    missed, unclustered = np.zeros(4), 0
    for _ in range(400):
        p = np.where(group, 0.5, 0.3)
        hit = np.where(rng.random(600) < 0.8, rng.random(150)[user], rng.random(600)) < p
        alone = np.arange(600)
        stratum = np.zeros(600, np.int64)
        for i, (found, true) in enumerate([
            (estimate.share(hit, user), 0.4),
            (estimate.change(hit, group, user), 0.2),
            (estimate.contrast(hit, group, stratum, user), 0.2),
            (estimate.odds_ratio(hit, group, stratum, user), 7 / 3),
        ]):  # fmt: skip
            missed[i] += not found.low <= true <= found.high
        found = estimate.change(hit, group, alone)
        unclustered += not found.low <= 0.2 <= found.high
    assert (missed / 400 <= 0.08).all() and (missed / 400 >= 0.02).all()
    assert unclustered / 400 > 0.15


# --- folders ------------------------------------------------------------------------------------------------------

RETURNS = """
title: Returns
models:
  a/one: {released: 2024-10-01, price_usd_per_mtok: 1.0, ability: 1.0}
  b/two: {released: 2025-01-20, price_usd_per_mtok: 1.0, ability: 2.0}
"""


def handmade_truth(folder, spells: list[tuple[int, str, str, str]]):
    """A run of two models whose spells are replaced: (workload, model, first day, day after the last)."""
    (folder / "plain.yaml").write_text(PLAIN)
    (folder / "returns.yaml").write_text("extends: plain.yaml\n" + RETURNS)
    path = sim.run(folder / "returns.yaml", users=100, out=folder / "out", workers=1).path
    table = pd.DataFrame(spells, columns=["workload", "model", "start", "end"])
    for column in ("start", "end"):
        table[column] = pd.to_datetime(table[column]).dt.date
    table["embedded_since"] = table["start"]
    table = table.assign(kind="home", end_reason="moved").sort_values(["workload", "start"])
    table.to_parquet(path / "truth" / "spells.parquet")
    return path


@pytest.mark.parametrize("others", [40, 20])
def test_returners_are_those_who_were_away_a_calendar_month(tmp_path, others):
    """Workloads leave a/one in January and come back in March; `others` of 50 use b/two in February."""
    spells = []
    for workload in range(50):
        spells.append((workload, "a/one", "2025-01-05", "2025-01-20"))
        if workload < others:
            spells.append((workload, "b/two", "2025-02-10", "2025-02-20"))
        spells.append((workload, "a/one", "2025-03-02", "2025-03-09"))
    for workload in range(50, 90):  # away for weeks, but active in each calendar month
        spells += [
            (workload, "a/one", "2025-01-05", "2025-02-02"),
            (workload, "a/one", "2025-03-02", "2025-03-09"),
        ]
    found = named(handmade_truth(tmp_path, spells))["returners"]
    assert found.n == 50
    assert found.value == others / 50
    assert found.low < found.value < found.high
    assert found.verdict == ("holds" if others == 40 else "fails")


def test_what_was_planted_is_told(tmp_path):
    found = {}
    for name in ("base", "planted-25"):
        run = sim.run(WORLDS / "nulls" / f"{name}.yaml", users=1500, out=tmp_path, workers=1)
        found[name] = planted(run.path)
        loyal = run.path / "truth" / "planted.parquet"
        users = len(pd.read_parquet(loyal)) if loyal.is_file() else 0
    assert found["base"] == "Nothing is planted: no user stays by construction."
    assert users > 20 and "25% of those who began with new/focal" in found["planted-25"]
    assert f"{users:,} users" in found["planted-25"]


def test_a_folder_without_truth_is_named(tmp_path):
    with pytest.raises(BadInput, match="has no truth"):
        check(tmp_path)
