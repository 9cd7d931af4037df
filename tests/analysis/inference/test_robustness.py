"""Robustness checks: who counts as always on, what each robustness check changes, and which withdraw a verdict."""

from __future__ import annotations

import calendar
from dataclasses import replace

import numpy as np
import pytest

from analysis.inference.cohorts.log_panel import UNKNOWN_TENURE
from analysis.inference.cohorts.panel import Panel
from analysis.inference.cohorts.populations import Population, month_range, planted
from analysis.inference.launch import robustness as ch
from analysis.inference.launch.decision import decide
from analysis.inference.verdict.judging import judge

SIZES = (1000,) + (400,) * 6


def drawn(family, seed=1):
    rng = np.random.default_rng(seed)
    return family.with_volumes(family.draw(rng), rng)


@pytest.fixture(scope="module")
def whale():
    return drawn(Population("whale", SIZES, whales=0.12))


@pytest.fixture(scope="module")
def loyal():
    return drawn(planted(SIZES, 0.3))


def test_always_on_are_the_whales_and_hardly_anyone_else(whale):
    flagged = ch.always_on(whale, 0)
    assert flagged[:120].mean() > 0.95
    assert flagged[120:].mean() < 0.002


def test_loyal_users_of_ordinary_volume_are_not_always_on(loyal):
    assert ch.always_on(loyal, 0)[:300].mean() < 0.01


@pytest.mark.parametrize("days", [10, 21])
def test_always_on_accounts_stay_so_where_the_log_lost_days(days):
    """Two months of the panel have a hole: of 10 days, whose months count, or of 21, whose months do not."""
    months, rng = month_range(5), np.random.default_rng(1)
    lengths = np.array([calendar.monthrange(m.year, m.month)[1] for m in months])
    month = [np.arange(n) for n in lengths]
    users, bots = 200, 20
    on = [rng.random((users, n)) < 0.4 for n in lengths]
    for days_on in on:
        days_on[:bots] = True
    volume = np.rint(np.exp(rng.normal(3, 1, (users, 5)))).astype(np.int64)
    volume[:bots] = 3000
    lost = [
        (days_of >= 4) & (days_of < 4 + days) if i in (2, 3) else days_of < 0
        for i, days_of in enumerate(month)
    ]

    def panel(gone):
        kept = [(o & ~g) @ (1 << d) for o, g, d in zip(on, gone, month, strict=True)]
        covered = np.array([(~g) @ (1 << d) for g, d in zip(gone, month, strict=True)])
        left = np.array([(~g).mean() for g in gone])
        table = np.stack(kept, axis=1)
        return Panel(
            "m", tuple(months), np.zeros(users, np.int64), table > 0, requests=np.rint(volume * left).astype(np.int64),
            days=np.bitwise_count(table).astype(np.int8), day_bits=table, covered=covered,
        )  # fmt: skip

    whole, holed = ch.always_on(panel([d < 0 for d in month]), 0), ch.always_on(panel(lost), 0)
    assert np.flatnonzero(whole).tolist() == np.flatnonzero(holed).tolist() == list(range(bots))
    assert not ch.always_on(replace(panel(lost), covered=None), 0).any()


def test_a_high_volume_on_workdays_alone_is_not_always_on(whale):
    days = np.minimum(whale.days, 22)
    assert not ch.always_on(replace(whale, days=days), 0).any()


def test_every_day_at_an_ordinary_volume_is_not_always_on(loyal):
    every_day = np.where(loyal.active, 31, 0)
    assert ch.always_on(replace(loyal, days=every_day), 0).mean() < 0.02


def test_users_seen_in_several_countries_are_shared_keys(loyal):
    shared = np.zeros(loyal.users, bool)
    shared[7] = True
    assert ch.always_on(replace(loyal, shared=shared, requests=None, days=None), 0).nonzero()[0].tolist() == [
        7
    ]


def test_without_volumes_nothing_is_said(loyal):
    bare = replace(loyal, requests=None, days=None)
    assert ch.always_on(bare, 0) is None
    assert ch.heaviest(bare) is None
    assert "always-on accounts" not in [c.name for c in ch.robustness_checks(bare, 0)]


def test_a_whale_stands_out_and_is_withdrawn(whale):
    decision = decide(whale)
    assert decision.stands
    assert decision.answer == "fragile"
    assert "always-on accounts" in decision.withdrawn_by
    held = ch.concentration(whale, 0, 5)
    assert held.always_on_share > 0.4


@pytest.fixture(scope="module")
def moderate():
    """Always-on accounts of two or three requests a day."""
    return drawn(Population("moderate", SIZES, whales=0.12, whale_volume=2.5))


def test_always_on_accounts_of_ordinary_volume_are_withdrawn_by_their_days(moderate):
    assert ch.always_on(moderate, 0)[:120].mean() < 0.2
    found = ch.unpausing(moderate)
    assert found[:120].mean() > 0.8 and found[120:].mean() < 0.03
    decision = decide(moderate)
    assert decision.stands and decision.answer == "fragile"
    assert "accounts that never pause" in decision.withdrawn_by
    held = ch.concentration(moderate, 0, 5)
    assert held.unpausing_share > 0.4 > held.always_on_share
    blind = replace(moderate, day_bits=None)
    assert ch.unpausing(blind) is None and np.isnan(ch.concentration(blind, 0, 5).unpausing_share)
    assert "accounts that never pause" not in [c.name for c in ch.robustness_checks(blind, 0)]


def unbroken(panel, share):
    """The panel with day bits in which this share of the loyal users (the first 300) are there every day, and everybody
    else on the first day of a month."""
    bits = np.where(panel.active, 1, 0).astype(np.int64)
    daily = np.arange(panel.users) < 300 * share
    length = [calendar.monthrange(m.year, m.month)[1] for m in panel.months]
    whole = (np.int64(1) << np.array(length)) - 1
    bits[daily] = np.where(panel.active[daily].cumsum(axis=1) > 0, whole, 0)
    return replace(panel, requests=None, days=None, day_bits=bits)


@pytest.mark.parametrize(("share", "withdrawn"), [(0.0, False), (0.3, False), (1.0, True)])
def test_a_loyal_cohort_stays_where_some_of_its_users_are_there_every_day(loyal, share, withdrawn):
    decision = decide(unbroken(loyal, share), thorough=False)
    assert decision.stands and ("accounts that never pause" in decision.withdrawn_by) == withdrawn


def test_loyal_users_who_are_left_may_be_too_few_and_show_nothing():
    """Without its daily users the cohort stands out no more, but most of the difference is still there."""
    panel = unbroken(drawn(planted((600,) + (400,) * 6, 0.16), seed=3), 0.12)
    decision = decide(panel, thorough=False)
    outcome = next(o for o in decision.outcomes if o.name == "accounts that never pause")
    assert decision.stands and outcome.p > 0.05 and outcome.overturns is None
    assert outcome.difference > 0.5 * decision.sizes.difference.value


@pytest.mark.parametrize("organisations", [True, False])
def test_a_cohort_of_whales_is_withdrawn_where_too_little_is_left_to_be_judged(organisations):
    family = Population("whale", (330,) + (250,) * 6, months=8, whales=0.4, whale_accounts=organisations)
    rng = np.random.default_rng(3)
    panel = family.with_volumes(family.draw(rng, min_cohort=200), rng)
    decision = decide(panel)
    assert decision.found.testable and 330 - ch.always_on(panel, 0).sum() < panel.min_cohort
    if decision.stands:
        assert "always-on accounts" in decision.withdrawn_by
    assert decision.stands or not organisations


def test_nothing_is_withdrawn_where_too_little_is_left_but_the_difference_with_it():
    panel = replace(drawn(planted((800,) + (400,) * 6, 0.2)), requests=None, days=None, min_cohort=400)
    shared = np.zeros(panel.users, np.bool_)
    shared[np.flatnonzero((panel.cohort == 0) & ~panel.active[:, 5])[:450]] = True
    decision = decide(replace(panel, shared=shared))
    assert decision.stands and not decision.withdrawn_by
    outcome = next(o for o in decision.outcomes if o.name == "always-on accounts")
    assert outcome.overturns is None and outcome.difference > decision.sizes.difference.value


def test_a_loyal_cohort_survives_every_robustness_check(loyal):
    decision = decide(loyal)
    assert decision.answer == "foundational"
    assert decision.withdrawn_by == ()
    names = [o.name for o in decision.outcomes]
    assert names[0] == "heaviest 1%" or names[0] == "always-on accounts"
    assert [o.without for o in decision.left_out_in_turn] == list(loyal.months[1:7])
    assert not set(decision.left_out_in_turn) & set(decision.other_outcomes)
    assert len(decision.left_out_in_turn) + len(decision.other_outcomes) == len(names)
    assert ch.concentration(loyal, 0, 5).always_on_share < 0.02


def test_the_heaviest_hundredth_is_left_out(whale):
    heavy = ch.heaviest(whale)
    assert heavy.sum() == whale.users // 100
    volume = whale.requests.sum(axis=1) / whale.active.sum(axis=1)
    assert volume[heavy].min() > volume[~heavy].max()
    alike = replace(whale, requests=whale.active.astype(int))
    assert not ch.heaviest(alike).any()  # who of equals is heaviest would be a matter of their order


def test_thirty_day_months_undo_a_short_first_month():
    """Launch users who joined in the month's last week lead at every month; by windows from first use they do not."""
    family = Population("short", (6000,) + (3000,) * 6, short_days=3)
    panel = drawn(family)
    tests = decide(panel).found.tests
    assert tests["A"].p <= 0.001
    outcome = next(o for o in decide(panel).outcomes if o.name == "30-day months")
    assert outcome.p > 0.2
    lead = [p.cells.share[0] - p.cells.share[p.cells.at(1)[1:]].mean() for p in (panel, panel.rewindowed)]
    assert lead[0] > 0.05 > abs(lead[1]) + 0.02


def test_one_user_an_organisation_counts_keys_once():
    family = Population("org", SIZES, whales=0.2, whale_accounts=False)
    panel = drawn(family)
    tried = {o.name: o for o in decide(panel).outcomes}
    assert "one user an organisation" in tried
    merged = panel.by_organisation()
    assert merged.users == panel.users - 199
    assert tried["one user an organisation"].difference < 0.05


def test_a_merged_panel_whose_launch_is_another_cohort_withdraws():
    """The cohort that stands out is not the first of the merged ids: the merged launch does not."""
    panel = drawn(planted(SIZES, 0.3))
    first, second = panel.cohort == 0, panel.cohort == 1
    active = panel.active.copy()
    active[first] = np.roll(panel.active[first], 1, axis=1)
    active[first, 0] = False
    active[second] = np.roll(panel.active[second], -1, axis=1)
    merged = replace(panel, cohort=active.argmax(axis=1), active=active)
    decision = decide(panel, merged=merged)
    assert "aliases merged" in decision.withdrawn_by
    assert decision.answer == "fragile"


def test_gini_of_equal_and_single_volumes():
    assert ch._gini(np.array([5, 5, 5, 5])) == pytest.approx(0.0)
    assert ch._gini(np.array([0, 0, 0, 8])) == pytest.approx(0.75)


def test_users_of_unknown_time_on_the_platform_are_of_neither_kind(loyal):
    tenure = np.where(np.arange(loyal.users) % 2, 90, 0)
    name, chosen = ch.of_one_tenure(replace(loyal, tenure=tenure), 0)
    assert int((chosen & (loyal.cohort == 0)).sum()) == 500
    hidden = np.where((loyal.cohort == 0) & (tenure == 0), UNKNOWN_TENURE, tenure)
    name, chosen = ch.of_one_tenure(replace(loyal, tenure=hidden), 0)
    assert name == "users who were on the platform before"
    assert not (chosen & (hidden < 0)).any()
    unknown = np.where(loyal.cohort == 0, UNKNOWN_TENURE, tenure)
    assert ch.of_one_tenure(replace(loyal, tenure=unknown), 0) is None
    assert any("100% of the launch cohort" in note for note in judge(replace(loyal, tenure=unknown)).notes)
