"""The null worlds: each fakes a slipper for the naive test where it says so, and its diagnostic tells it apart.

The naive test is the two-proportion z test of month-3 retention, launch cohort against all later ones together. Seeds
are the worlds' own, so that nothing here fails by chance. Over seeds 1 to 10 the naive test (one-sided 5%) rejected in
all runs of the worlds that should fool it, but in about 7 of 10 of short-first-month and truncated-last-month; in no
run of base, heterogeneity and equal-stickiness.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from scipy import stats

from sim.gateway.truth import write_truth
from sim.runs import log_writer
from sim.scenario import TELLING
from sim.scenario.shipped import WORLDS
from sim.simulation import run_agents
from sim.world import load_world
from testbed.studies.null_worlds import null_worlds
from tests.scenarios.test_scenarios import differences, header, schema_for_editors, stated_keys, unknown_keys

FOCAL = "new/focal"
SIGNIFICANT = 1.645  # one-sided 5%
WORLDS_OF_TABLE = null_worlds()
FOOLS_NAIVE = tuple(world.name for world in WORLDS_OF_TABLE if world.fools_naive)
NULLS = tuple(world.name for world in WORLDS_OF_TABLE if world.fools_naive is not None)
PLANTED = {f"planted-{percent:02}": percent / 100 for percent in (0, 5, 10, 15, 25, 40)}
JANUARY, APRIL, SEPTEMBER = (2025 * 12 + month - 1 for month in (1, 4, 9))


@dataclass(frozen=True)
class Played:
    """A world that has run."""

    requests: int
    days: pd.DataFrame
    """One row a user, account, model and day with `n` requests; `month` counts since the year 0."""
    truth: dict[str, pd.DataFrame]


@cache
def played(name: str) -> Played:
    """A null world's log by user and day, and its truth. The tables of the log are taken as the gateway makes them;
    that the files hold the same is tested where they are written."""
    agents = run_agents(load_world(WORLDS / "nulls" / f"{name}.yaml"))
    writer = log_writer(agents)
    rows = pa.concat_tables(
        written(writer.table(writer.traffic.records(week, block), block))
        for week, block in writer.traffic.tasks()
    )
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.register("log", rows)
        days = (
            engine.execute(
                "select user_id, account_id, model, cast(day as timestamp) as day, cast(count(*) as bigint) as n "
                "from log group by all order by day, user_id, model"
            )
            .to_arrow_table()
            .to_pandas()
        )
    days["month"] = days["day"].dt.year * 12 + days["day"].dt.month - 1
    world = agents.world
    with tempfile.TemporaryDirectory() as folder:
        write_truth(Path(folder), world.scenario, world.catalogue, agents.market, agents.users, agents.workloads,
                    agents.spells, writer, agents.search.planted)  # fmt: skip
        truth = {file.stem: pq.read_table(file).to_pandas() for file in Path(folder).glob("truth/*.parquet")}
    return Played(len(rows), days, truth)


def written(table: pa.Table) -> pa.Table:
    """The columns looked at here, copied: the next block of the log takes the same memory."""
    names = [pc.cast(table[name], pa.string()) for name in ("user_id", "account_id", "model")]
    return pa.table(
        [*names, pc.cast(table["created_at"], pa.date32())], ["user_id", "account_id", "model", "day"]
    )


def cells(days: pd.DataFrame, model: str = FOCAL, unit: str = "user_id") -> pd.DataFrame:
    """Active units (`active`) of `users` by month of joining (`cohort`) and age in months `k`."""
    seen = days[days["model"] == model][[unit, "month"]].drop_duplicates()
    seen["cohort"] = seen.groupby(unit, observed=True)["month"].transform("min")
    table = seen.groupby(["cohort", "month"]).size().rename("active").reset_index()
    table["k"] = table["month"] - table["cohort"]
    return table.assign(users=table["cohort"].map(table[table["k"] == 0].set_index("cohort")["active"]))


def z_test(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """The two-proportion z of the cells of `one` against those of `other`."""
    n1, n2 = one["users"].sum(), other["users"].sum()
    s1, s2 = one["active"].sum(), other["active"].sum()
    p = (s1 + s2) / (n1 + n2)
    return float((s1 / n1 - s2 / n2) / math.sqrt(p * (1 - p) * (1 / n1 + 1 / n2)))


def naive_z(table: pd.DataFrame, k: int = 3, launch: int = JANUARY) -> float:
    """Launch cohort against all later ones at age k."""
    at = table[table["k"] == k]
    return z_test(at[at["cohort"] == launch], at[at["cohort"] > launch])


def retention(table: pd.DataFrame, cohort: int, k: int) -> float:
    """R of one cell."""
    row = table[(table["cohort"] == cohort) & (table["k"] == k)].iloc[0]
    return float(row["active"] / row["users"])


# --- what is shipped ------------------------------------------------------------------------------------------------


def test_every_world_of_the_folder_is_in_the_table_and_most_fool_the_naive_test():
    files = {file.stem for file in (WORLDS / "nulls").glob("*.yaml")}
    assert files == {world.name for world in WORLDS_OF_TABLE} == {"base", *NULLS, *PLANTED}
    assert len(FOOLS_NAIVE) > len(NULLS) / 2


@pytest.mark.parametrize("line", ["# In short:", "# Naive test:"])
def test_a_header_that_says_too_little_is_named(line, tmp_path, monkeypatch):
    lines = (WORLDS / "nulls" / "whale.yaml").read_text(encoding="utf-8").splitlines()
    (tmp_path / "mine.yaml").write_text("\n".join(one for one in lines if not one.startswith(line)))
    monkeypatch.setattr("testbed.studies.null_worlds.FOLDER", tmp_path)
    with pytest.raises(ValueError, match=f"mine.yaml: .*{line}"):
        null_worlds()


@pytest.mark.parametrize("name", ["base", *NULLS, *PLANTED])
def test_a_null_world_says_how_it_fakes_a_slipper_and_what_separates_it(name):
    file = WORLDS / "nulls" / f"{name}.yaml"
    world = load_world(file)
    assert world.name == f"nulls-{name}"
    lines = header(file)
    assert lines[0] == f"# {world.scenario.title}"
    assert world.scenario.question.endswith("?")
    parts = [line.partition(":")[0] for line in lines]
    wanted = [
        "# Question",
        "# Market",
        *(("# Fakes", "# Separate", "# In short", "# Naive test") if name in NULLS else ()),
        "# Look at",
    ]
    assert [part for part in parts if part in wanted] == wanted
    schema = schema_for_editors()
    assert list(unknown_keys(stated_keys(f"nulls/{name}"), schema, schema["$defs"])) == []


@pytest.mark.parametrize("name", [*NULLS, *PLANTED])
def test_a_null_world_is_the_base_with_the_keys_that_it_states(name):
    stated = stated_keys(f"nulls/{name}")
    assert stated["extends"] == "base.yaml"
    keys = {key.split(".")[0] for key in differences(f"nulls/{name}", "nulls/base")}
    assert keys and keys <= set(stated) - TELLING


@pytest.mark.parametrize("name", ["base", *NULLS])
def test_no_null_world_has_a_cause_of_loyalty(name):
    causes = load_world(WORLDS / "nulls" / f"{name}.yaml").scenario
    assert causes.planted_loyalty is None
    on = [which for which, cause in causes.mechanisms if cause.enabled and which != "intermittency"]
    assert not {"fit", "lock_in", "backlog", "information"} & set(on)


@pytest.mark.parametrize("name", ["base", *NULLS])
def test_a_null_world_is_small_and_its_cohorts_have_the_size_of_the_power_study(name):
    world = played(name)
    assert world.requests < 700_000
    if name in ("small-cohorts", "regression-to-the-mean"):
        return
    table = cells(world.days)
    sizes = table[table["k"] == 0].set_index("cohort")["active"]
    assert sizes.index[0] == JANUARY and 1300 < sizes[JANUARY] < 1700
    whole = sizes.drop([JANUARY, *([APRIL] if name == "promo-wave" else [])])
    whole = whole.drop([SEPTEMBER] if name == "truncated-last-month" else [])
    assert whole.between(400, 750).all(), whole.to_dict()


# --- the naive test -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FOOLS_NAIVE)
def test_the_naive_test_is_fooled(name):
    assert naive_z(cells(played(name).days)) > SIGNIFICANT


@pytest.mark.parametrize("name", ["base", "heterogeneity", "equal-stickiness"])
def test_the_naive_test_is_not_fooled_where_all_cohorts_are_alike(name):
    table = cells(played(name).days)
    for k in (1, 3, 5):
        assert abs(naive_z(table, k)) < stats.norm.isf(0.025 / 3)


def month_three(name: str) -> tuple[int, float, float, float]:
    """Users of the focal model's launch cohort, R(3) of theirs and of all later cohorts together, and the naive z."""
    table = cells(played(name).days)
    at = table[table["k"] == 3]
    one, rest = at[at["cohort"] == JANUARY], at[at["cohort"] > JANUARY]
    r, later = (float(part["active"].sum() / part["users"].sum()) for part in (one, rest))
    return int(one["users"].sum()), r, later, naive_z(table)


def test_the_table_of_the_null_worlds_is_what_is_measured():
    """By other code than the one that made it. Renew it: python -m testbed.studies.null_worlds"""
    lines = (WORLDS / "nulls" / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| [")]
    assert [row[:4] for row in rows] == [
        [f"[{w.name}]({w.name}.yaml)", w.looks_like, w.key, w.separates] for w in WORLDS_OF_TABLE
    ]
    for row in rows:
        n, r, later, z = month_three(row[0].partition("]")[0][1:])
        assert row[4:] == [f"{n:,}", f"{r:.3f}", f"{later:.3f}", f"{z:.1f}"], row[0]


# --- what tells each artefact apart ---------------------------------------------------------------------------------


def months_of(name: str, low: int, high: int) -> pd.DataFrame:
    """The cells of a world in the calendar months low to high, by cohort and age."""
    table = cells(played(name).days)
    return table[table["month"].between(low, high)].set_index(["cohort", "k"])[["active", "users"]]


def test_a_calendar_shock_changes_all_cohorts_from_one_month_on():
    before = months_of("calendar-shock", JANUARY, APRIL)
    pd.testing.assert_frame_equal(before, months_of("base", JANUARY, APRIL))
    shocked, base = (months_of(which, APRIL + 1, SEPTEMBER)["active"] for which in ("calendar-shock", "base"))
    older = shocked.index.get_level_values("k") > 0
    assert ((shocked / base)[older].between(0.5, 0.9)).all()  # everybody's, not the late ones' alone


def launch_effect(table: pd.DataFrame) -> float:
    """Log odds ratio of the launch cohort in a binomial regression on age and calendar month."""
    import statsmodels.api as sm  # type: ignore[import-untyped]

    rows = table[table["k"] > 0]
    design = pd.get_dummies(rows[["k", "month"]].astype(str), drop_first=True, dtype=float)
    design = sm.add_constant(design.assign(launch=(rows["cohort"] == JANUARY).astype(float)))
    outcome = np.column_stack([rows["active"], rows["users"] - rows["active"]])
    return float(sm.GLM(outcome, design, family=sm.families.Binomial()).fit().params["launch"])


def test_age_and_period_together_explain_shock_and_season_but_not_a_planted_share():
    # The standard error is about 0.06: users' months go together.
    worlds = ("calendar-shock", "seasonality", "base", "planted-15")
    found = {name: launch_effect(cells(played(name).days)) for name in worlds}
    assert found["planted-15"] > 0.4
    assert all(abs(found[name]) < 0.15 for name in worlds[:3]), found


def active_after_august(name: str) -> float:
    """Users active in September over those in August, of all cohorts that began earlier."""
    table = cells(played(name).days)
    older = table[table["cohort"] < SEPTEMBER - 1].groupby("month")["active"].sum()
    return float(older[SEPTEMBER] / older[SEPTEMBER - 1])


def test_a_season_ends():
    after, base = (months_of(which, SEPTEMBER, SEPTEMBER) for which in ("seasonality", "base"))
    pd.testing.assert_frame_equal(after, base)
    season, usual = (active_after_august(which) for which in ("seasonality", "base"))
    assert season > 1 > 0.85 > usual  # all cohorts together: they seem to come back


def test_a_plateau_of_sorting_is_in_every_cohort():
    mixed, plain = (cells(played(which).days) for which in ("heterogeneity", "base"))
    for cohort in range(JANUARY, APRIL):
        assert retention(mixed, cohort, 5) / retention(mixed, cohort, 2) > 0.5
        assert retention(plain, cohort, 5) / retention(plain, cohort, 2) < 0.5


@pytest.mark.parametrize("name", ["early-adopters", "early-adopters-six"])
def test_early_adopters_make_every_launch_cohort_better(name):
    days = played(name).days
    for number in (1, 2, 3, 4):  # the negative controls that later cohorts reach month 3 beside
        launched = JANUARY + number
        assert naive_z(cells(days, f"new/control-{number}"), launch=launched) > SIGNIFICANT
    assert naive_z(cells(days, "old/one"), launch=JANUARY) < SIGNIFICANT  # no launch there


def by_newcomers(name: str, others: list[str]) -> pd.DataFrame:
    """Cells of the focal model's users who had not used one of the other models before the month of joining."""
    days = played(name).days
    first = days[days["model"] == FOCAL].groupby("user_id")["month"].min()
    elsewhere = days[days["model"].isin(others)].groupby("user_id")["month"].min().reindex(first.index)
    return cells(days[days["user_id"].isin(first.index[~(elsewhere < first)])])


@pytest.mark.parametrize(
    ("name", "others"), [("platform-age", ["old/one", "old/two"]), ("preview-id", ["new/focal-preview"])]
)
def test_survivors_explain_the_lead(name, others):
    table = by_newcomers(name, others)
    assert table["users"].iloc[0] > 200
    assert abs(naive_z(table)) < 2.58 < naive_z(cells(played(name).days)) / 2


def test_without_the_tourists_nothing_is_left():
    table = cells(played("promo-wave").days)
    assert retention(table, APRIL, 3) < 0.12
    assert abs(naive_z(table[table["cohort"] != APRIL])) < 1.96


def test_a_short_first_month_fades_and_is_gone_by_age_in_days():
    days = played("short-first-month").days
    table = cells(days)
    gaps = [
        retention(table, JANUARY, k) / np.mean([retention(table, JANUARY + c, k) for c in range(1, 6)])
        for k in (1, 3)
    ]
    assert gaps[0] > gaps[1] > 1
    mine = days[days["model"] == FOCAL]
    first = mine.groupby("user_id")["day"].transform("min")
    # The log covers 120 days after it for those who joined until May.
    age = (mine["day"] - first).dt.days
    users = pd.DataFrame({"launch": first.dt.month == 1, "id": mine["user_id"], "back": age.between(90, 119)})
    users = users[first < "2025-06-01"].groupby("id").agg({"launch": "first", "back": "max"})
    rows = users.groupby("launch")["back"].agg(active="sum", users="count")
    assert z_test(rows[rows.index], rows[~rows.index]) < SIGNIFICANT


def test_without_the_incomplete_month_nothing_is_left():
    table = cells(played("truncated-last-month").days)
    last = table["cohort"] + table["k"] == SEPTEMBER
    assert naive_z(table) > SIGNIFICANT > naive_z(table[~last])


def test_a_whale_is_few_accounts():
    days = played("whale").days
    keys = days.groupby("account_id")["user_id"].nunique()
    assert sorted(keys[keys > 1]) == [10, 10, 10, 10, 90]
    assert naive_z(cells(days[days["account_id"].map(keys) == 1])) < SIGNIFICANT
    pd.testing.assert_frame_equal(
        cells(days[days["account_id"].map(keys) == 1]), cells(played("base").days)
    )  # all others are the base's users


def days_after_the_first_month(name: str) -> pd.DataFrame:
    """New/focal's launch cohort: days with a request a month (`share`, of 30) and requests a day, from February on."""
    days = played(name).days
    mine = days[days["model"] == FOCAL]
    launch = mine.groupby("user_id")["day"].min() < pd.Timestamp("2025-02-01")
    later = mine[mine["user_id"].isin(launch.index[launch]) & (mine["day"] >= pd.Timestamp("2025-02-01"))]
    span = (pd.Timestamp("2025-09-30") - pd.Timestamp("2025-02-01")).days + 1
    table = later.groupby("user_id").agg(days=("day", "nunique"), n=("n", "sum"))
    return table.assign(share=table["days"] / span, volume=table["n"] / table["days"])


def test_always_on_accounts_are_told_by_their_days_and_hardly_by_their_volume():
    table = days_after_the_first_month("always-on")
    steady = table["share"] >= 0.7
    assert 80 < steady.sum() < 250
    assert table["volume"][steady].median() < 5  # a few requests on an active day, as people send
    assert table["volume"][~steady].quantile(0.99) > table["volume"][steady].median()
    days = played("always-on").days
    rest = days[~days["user_id"].isin(table.index[steady])]
    assert abs(naive_z(cells(rest))) < SIGNIFICANT < naive_z(cells(days)) / 2
    assert days.groupby("account_id")["user_id"].nunique().max() == 1  # nothing in the accounts


def test_steadily_worse_cohorts_lie_on_a_line_from_the_launch_on():
    table = cells(played("worse-cohorts").days)
    levels = np.array([retention(table, JANUARY + c, 3) for c in range(6)])
    assert levels[0] > 1.5 * levels[5]
    line = np.polyval(np.polyfit(np.arange(1, 6), levels[1:], 1), 0)
    assert abs(levels[0] - line) < 0.06  # January is what the later cohorts foretell
    for c in (1, 2):  # and each later cohort leads those after it
        assert naive_z(table, launch=JANUARY + c) > SIGNIFICANT


def test_identity_churn_is_gone_when_accounts_are_counted():
    world = played("identity-churn")
    assert world.days.groupby("account_id")["user_id"].nunique().max() > 3
    assert abs(naive_z(cells(world.days, unit="account_id"))) < 1.96
    owner = world.truth["identities"].set_index("logged_as")["user_id"]
    true = world.days.assign(user_id=world.days["user_id"].map(owner).fillna(world.days["user_id"]))
    pd.testing.assert_frame_equal(cells(true), cells(world.days, unit="account_id"))


def test_a_launch_cohort_that_stays_is_no_exception_where_all_stay():
    table = cells(played("equal-stickiness").days)
    at = table[table["k"] == 3]
    levels = at["active"] / at["users"]
    assert levels.min() > 0.6 and levels.max() - levels.min() < 0.1


def leads(name: str, k: int) -> pd.DataFrame:
    """Each cohort of each new model against the model's other cohorts at age k: z and lead, by model and cohort."""
    days = played(name).days
    rows = []
    for model in sorted(m for m in days["model"].unique() if m.startswith("new/")):
        at = cells(days, model)
        at = at[at["k"] == k]
        for cohort in at["cohort"]:
            one, rest = at[at["cohort"] == cohort], at[at["cohort"] != cohort]
            lead = one["active"].sum() / one["users"].sum() - rest["active"].sum() / rest["users"].sum()
            rows.append((model, cohort, one["users"].iloc[0], z_test(one, rest), lead))
    return pd.DataFrame(rows, columns=["model", "cohort", "n", "z", "lead"]).set_index(["model", "cohort"])


def test_the_best_of_many_small_cohorts_is_luck():
    found = leads("small-cohorts", 3)
    assert len(found) == 72 and found["n"].median() < 80
    assert found["z"].max() > SIGNIFICANT  # whoever looks finds one
    assert len(found) * stats.norm.sf(found["z"].max()) > 0.05  # Holm's first step: none


def test_cohorts_that_were_picked_fall_back():
    later = leads("regression-to-the-mean", 3)
    first = leads("regression-to-the-mean", 1).loc[later.index]
    best = first["z"].idxmax()
    assert first.loc[best, "z"] > SIGNIFICANT > later.loc[best, "z"]
    # The five best of 36 lie about 1.4 standard errors ahead in month 1; what is left of it has an error of 0.45.
    picked = first["z"].nlargest(5).index
    assert first.loc[picked, "z"].mean() > 1.2
    assert later.loc[picked, "z"].mean() < first.loc[picked, "z"].mean() / 2


# --- planted worlds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["planted-05", "planted-15", "planted-40"])
def test_the_truth_knows_the_planted_share(name):
    world, base = played(name), played("base")
    first = world.days[world.days["model"] == FOCAL].groupby("user_id")["month"].min()
    launch = first.index[first == JANUARY]
    loyal = world.truth["planted"]
    assert loyal["user_id"].is_unique and set(loyal["model"]) == {FOCAL}
    assert set(loyal["user_id"]) <= set(launch)
    assert stats.binomtest(len(loyal), len(launch), PLANTED[name]).pvalue > 1e-4
    # Nobody else is another: the rest of the log is the base's.
    rest, same = (
        d[~d["user_id"].isin(loyal["user_id"])].reset_index(drop=True) for d in (world.days, base.days)
    )
    pd.testing.assert_frame_equal(rest, same)


def test_no_share_is_the_base():
    assert len(played("planted-00").truth["planted"]) == 0
    pd.testing.assert_frame_equal(played("planted-00").days, played("base").days)


def test_planted_users_stay_and_are_ordinary():
    world, base = played("planted-40"), played("base")
    loyal = set(world.truth["planted"]["user_id"])
    table = cells(world.days[world.days["user_id"].isin(loyal)])
    at = table[table["k"] > 0]
    # Regularity is uniform on 0.15 to 0.75 in four or five weeks a month: 84% to 90% are seen in a month.
    assert (at["active"] / at["users"]).between(0.8, 0.95).all()
    assert retention(table, JANUARY, 8) > 0.8  # to the end
    # As active as they were in the base while they stayed there: on the days of January after the ramp of embedding.
    mine = [d[d["user_id"].isin(loyal) & (d["month"] == JANUARY)] for d in (world.days, base.days)]
    assert 1 < len(mine[0]) / len(mine[1]) < 1.5


def test_the_naive_test_finds_what_is_planted_in_order_of_its_size():
    found = [
        naive_z(cells(played(name).days), 5)
        for name in ("planted-00", "planted-05", "planted-15", "planted-40")
    ]
    assert found == sorted(found) and found[-1] > 10
