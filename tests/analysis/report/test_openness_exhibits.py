"""Figures 1 to 18 and table 1 as exhibits: complete, defined, drawn and charted on any log, with gaps stated."""

from __future__ import annotations

import copy
import datetime as dt
import inspect
import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import vl_convert
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.queries import agentic, lengths, openness, usage
from analysis.queries.query import all_queries
from analysis.report import figures
from analysis.report.charts import vega, vega_parts
from analysis.report.charts.chart import Guide, Lines, Value
from analysis.report.exhibits import agentic as agentic_exhibits
from analysis.report.exhibits import lengths as lengths_exhibits
from analysis.report.exhibits import openness as openness_exhibits
from analysis.sources.log import NotAvailable
from analysis.sources.opening import open_log
from tests.analysis import vega_lite
from tests.analysis.in_memory import fill
from tests.analysis.rows import generations, labels, model, models

EXHIBITS = (*openness_exhibits.EXHIBITS, *agentic_exhibits.EXHIBITS, *lengths_exhibits.EXHIBITS)
BY_ID = {exhibit.id: exhibit for exhibit in EXHIBITS}
FACTS = models(
    model("cn/open", "2025-01-10", open_weights=True, origin="CN", size_class="small"),
    model("row/open", "2024-01-10", open_weights=True, size_class="large", reasoning_optimised=True,
          free_windows=[{"from": dt.date(2025, 2, 1), "to": dt.date(2025, 4, 1), "kind": "launch_promotion"}]),
    model("cn/closed", "2024-02-01", origin="CN"),
    model("row/closed", "2025-02-28", reasoning_optimised=True),
)  # fmt: skip


def each(exhibits=EXHIBITS):
    return pytest.mark.parametrize("exhibit", exhibits, ids=lambda exhibit: exhibit.id)


def test_every_figure_and_table_of_the_sections_is_there_once():
    assert sorted(BY_ID) == sorted(
        [*(f"fig{i:02d}" for i in range(1, 19)), "fig04b", "fig12b", "fig16b", "table1"]
    )
    assert len(EXHIBITS) == len(BY_ID)
    claims = {claim for exhibit in EXHIBITS for claim in exhibit.claims}
    assert claims >= {f"C{i}" for i in range(12, 76)}


@each()
def test_an_exhibit_states_its_definition_and_shows_what_it_says(log, exhibit):
    definition = inspect.getdoc(exhibit.table)
    assert re.search(r"\bover\b|count", definition)  # numerator and denominator, or what is counted
    assert set(re.findall(r"`(\w+\.\w+)`", definition)) <= set(all_queries())
    frame = exhibit.table(log)
    assert len(frame)
    assert set(frame.columns) - {"complete"} == set(exhibit.formats)
    assert not frame.duplicated([c for c in frame.columns if frame[c].dtype != "float64"]).any()
    assert exhibit.unit and exhibit.title
    if "week" in frame and exhibit.id not in (
        "fig14",
        "fig15",
        "fig17",
    ):  # those reach back as far as the log
        first = "2025-05-05" if "May" in definition or "2025-05-05" in definition else "2024-11-04"
        assert frame["week"].min() >= pd.Timestamp(first)


def test_what_vega_lite_does_not_know_is_objected_to(log):
    exhibit = BY_ID["fig04"]
    spec = vega.spec(exhibit.chart(exhibit.table(log)))
    vega_lite.check(spec)
    for wrong in (
        spec | {"layers": spec["layer"]},
        spec | {"layer": [{"mark": "lines"}]},
        spec | {"height": "tall"},
    ):
        with pytest.raises(AssertionError, match=r"not valid|unexpected|is not"):
            vega_lite.check(wrong)


@each()
def test_a_chart_is_a_specification_that_vega_takes(log, exhibit):
    frame = exhibit.table(log)
    spec = vega.spec(exhibit.chart(frame))
    vega_lite.check(spec)
    text = json.dumps(spec, allow_nan=False)
    assert len(text) < 250_000
    assert "http" not in text.replace(spec["$schema"], "")  # no request to any host
    compiled = vl_convert.vegalite_to_vega(spec)
    assert compiled["marks"]
    assert spec["width"] == "container"
    drawn = copy.deepcopy(spec) | {"width": 300}
    assert vl_convert.vegalite_to_svg(drawn).count("<path") > 3


def test_a_chart_holds_the_values_of_its_table(log):
    frame = BY_ID["fig04"].table(log)
    frame = frame[frame["complete"]]
    rows = vega.spec(BY_ID["fig04"].chart(frame))["data"]["values"]
    assert len(rows) == len(frame)
    shown = {(row["week"], row["series"]): row["share"] for row in rows}
    for row in frame.itertuples():
        name = openness_exhibits.SIZES.name(row.size_class)
        assert shown[f"{row.week:%Y-%m-%d}", name] == pytest.approx(row.share, rel=1e-4)


def test_series_and_axes_can_be_switched(log):
    for name in ("fig14", "fig15", "fig16", "fig18", "fig05"):
        spec = vega.spec(BY_ID[name].chart(BY_ID[name].table(log)))
        assert [(param["name"], param["bind"]["options"]) for param in spec["params"]] == [
            ("scale", ["linear", "log"])
        ]
    for name in ("fig01", "fig02", "fig03", "fig06", "fig13", "table1"):
        spec = vega.spec(BY_ID[name].chart(BY_ID[name].table(log)))
        params = [param for part in (spec, *spec.get("layer", [])) for param in part.get("params", [])]
        assert [param["name"] for param in params if param.get("bind") == "legend"] == ["chosen"]
    text = json.dumps(vega.spec(BY_ID["fig01"].chart(BY_ID["fig01"].table(log))))
    assert all(name in text for name in ("Llama 3.3 70B", "Kimi K2", "gpt-oss"))


@pytest.mark.parametrize(
    ("value", "text"), [(0.123456789, 0.12346), (float("nan"), None), (pd.NaT, None), (np.int64(3), 3), ("a", "a")]
)  # fmt: skip
def test_cells_of_charts_are_rounded(value, text):
    assert vega_parts.rounded(value) == text


def test_figures_draw_releases_and_the_unknown_accounts(log):
    words = _words(figure_of(BY_ID["fig01"], log))
    assert {"Llama 3.3 70B", "DeepSeek R1", "gpt-oss"} <= {word.strip() for word in words}
    assert "the week's largest account" in _words(figure_of(BY_ID["fig12"], log))


def figure_of(exhibit, log):
    return figures.figure(exhibit.chart(exhibit.table(log)), exhibit.title)


def test_a_guide_is_a_line_or_a_band_on_the_page_and_in_files():
    weeks = pd.DataFrame({"week": pd.to_datetime(["2025-05-05", "2025-05-12"]), "share": [0.5, 0.7]})
    for guide, mark, drawn in ((Guide("report", 0.6), "rule", 2), (Guide("report", 0.6, 0.9), "rect", 1)):
        chart = Lines(weeks, Value("share", "share"), guide=guide)
        spec = vega.spec(chart)
        vega_lite.check(spec)
        assert spec["layer"][0]["mark"]["type"] == mark
        assert vl_convert.vegalite_to_vega(spec)["marks"][0]["type"] == mark
        axes = figures.figure(chart).axes[0]
        assert len(axes.get_lines()) == drawn
        assert axes.get_ylim()[1] > (guide.high or 0.7)
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["report"]


def test_the_largest_models_have_their_concentration_below_with_an_axis_of_its_own(log):
    drawn = figure_of(BY_ID["fig03"], log)
    _stack, level, count = drawn.axes
    assert [axes.get_ylabel() for axes in drawn.axes] == ["share of open models' tokens", "0 to 1", "models"]
    assert level.get_legend() is not None and len(level.get_legend().get_texts()) == 3
    weeks = BY_ID["fig03"].table(log).query("complete").drop_duplicates("week")
    assert count.get_lines()[0].get_ydata().tolist() == weeks["leading_models"].tolist()
    assert level.get_lines()[0].get_ydata().tolist() == weeks["hhi"].tolist()


def _words(figure):
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    for axes in figure.axes:
        texts += [text.get_text() for text in axes.get_legend().get_texts()] if axes.get_legend() else []
    return texts


# --- gaps

ONE = generations([("a", "cn/open", "2025-05-05T01:00")])
CLOSED = generations([("a", "row/closed", "2025-05-05T01:00"), ("b", "row/closed", "2025-05-11T23:00")])
UNKNOWN = generations([("a", "x/y", "2025-05-05T01:00"), ("a", "z", "2025-06-01T23:00")])
NO_TOKENS = generations([("a", "cn/open", "2025-05-05", {"tokens_prompt": 0, "tokens_completion": 0})])
BEFORE = generations([("a", "cn/open", "2020-05-05")])
AFTER = generations([("a", "cn/open", f"2026-05-{day:02d}") for day in range(4, 25)])
LABEL, NO_LABEL = labels([("g00000", "/Adult", 0.9)]), labels([])
CASES = {
    "one request": (ONE, LABEL, FACTS),
    "an empty table of labels": (ONE, NO_LABEL, FACTS),
    "no open model": (CLOSED, LABEL, FACTS),
    "only unknown models": (UNKNOWN, LABEL, FACTS),
    "no tokens": (NO_TOKENS, LABEL, FACTS),
    "before the study": (BEFORE, LABEL, FACTS),
    "after the study": (AFTER, LABEL, FACTS),
}

HOLLOW = {"fig12b": "no value in it", "fig16b": "fewer than two"}  # in all of these logs
DRAWN = ("an empty table of labels", "no open model", "no tokens")  # drawing takes time


@pytest.mark.parametrize("case", CASES)
def test_small_and_odd_logs_give_every_table_figure_and_chart(connect, case):
    rows, tags, facts = CASES[case]
    log = connect(rows, labels=tags, models=facts)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        warnings.simplefilter("error", RuntimeWarning)
        for exhibit in EXHIBITS:
            if exhibit.id in HOLLOW:
                with pytest.raises(NotAvailable, match=HOLLOW[exhibit.id]):
                    exhibit.table(log)
                continue
            frame = exhibit.table(log)
            assert set(frame.columns) - {"complete"} == set(exhibit.formats)
            assert not np.isinf(frame.select_dtypes("number").to_numpy(dtype=float)).any()
            if case in DRAWN:
                figure_of(exhibit, log).draw_without_rendering()
            if len(frame):
                vega.spec(exhibit.chart(frame))


def test_a_log_outside_the_window_is_shown_whole(connect):
    log = connect(AFTER, labels=LABEL, models=FACTS)
    assert BY_ID["fig01"].table(log)["tokens"].sum() == 150 * 21
    assert BY_ID["table1"].table(log)["tokens"].sum() == 150 * 21


OFFER = {"tools_offered": True}
TWO_WEEKS = generations([("a", "cn/open", f"2025-05-{day:02d}T01:00", OFFER) for day in (5, 12, 18)])
TWO_LABELS = labels([("g00000", "/Adult", 0.9), ("g00001", "/Adult", 0.9)])
NEEDS = {
    "labels": {"fig06", "fig07", "fig08", "fig09", "fig16", "fig16b", "fig18"},
    "models": {*(f"fig{i:02d}" for i in range(1, 12)), "fig04b", "table1"},
    "finish_reason": {"fig12", "fig12b", "fig13"},
    "account_id, tokens_reasoning, variant, models.name": set(),
    "tools_offered": {"fig12b"},
    "models.size_class": {"fig04", "fig04b", "fig05"},
    "models.retired": {"fig05"},
    "models.reasoning_optimised": {"fig10", "fig11"},
    "models.free_windows": {"fig11"},
}  # fmt: skip


@pytest.mark.parametrize("missing", NEEDS)
def test_what_a_log_lacks_is_named_and_the_rest_is_there(connect, missing):
    tables = {"generations": TWO_WEEKS, "labels": TWO_LABELS, "models": FACTS}
    for name in missing.split(", "):
        if name in tables:
            del tables[name]
            continue
        table, _, column = name.rpartition(".")
        tables[table or "generations"] = tables[table or "generations"].drop_columns([column])
    log = connect(**tables)
    gaps = set()
    for exhibit in EXHIBITS:
        try:
            frame = exhibit.table(log)
            if not NEEDS[missing]:  # without columns that a table can do without
                figure_of(exhibit, log)
                vega.spec(exhibit.chart(frame))
        except NotAvailable as gap:
            assert gap.column == missing
            gaps.add(exhibit.id)
    assert gaps == NEEDS[missing]


@pytest.mark.parametrize(("column", "query"), [
    ("tools_offered", agentic.tools_offered), ("account_id", agentic.tool_accounts),
    ("tokens_reasoning", lengths.reasoning_lengths),
])  # fmt: skip
def test_queries_name_the_column_that_they_lack(connect, column, query):
    with pytest.raises(NotAvailable, match=column):
        query(connect(ONE.drop_columns([column])))


def test_columns_without_their_source_are_empty_not_zero(connect):
    log = connect(ONE.drop_columns(["account_id", "tokens_reasoning"]))
    tools = agentic.tool_share_and_largest_account(log)
    assert tools[["accounts", "largest_account_tokens", "largest_account_part"]].isna().all(axis=None)
    completions = lengths.completion_lengths(log)
    assert completions[["mean_reasoning", "mean_visible"]].isna().all(axis=None)
    assert completions["mean_completion"].tolist() == [50]


def test_a_finish_reason_without_values_is_a_gap(connect):
    log = connect(generations([("a", "cn/open", "2025-05-05", {"finish_reason": None})]), models=FACTS)
    for name in ("fig12", "fig13"):
        with pytest.raises(NotAvailable, match="no value"):
            BY_ID[name].table(log)


def test_the_part_of_one_account_explains_a_spike(connect):
    call = {"finish_reason": "tool_calls"}
    rows = []
    for monday in ("2025-05-05", "2025-05-12", "2025-05-19"):
        rows += [(f"u{i}", "row/open", monday, call | {"account_id": f"a{i}"}) for i in range(4)]
        rows += [(f"u{i}", "row/open", monday, {"account_id": f"a{i}"}) for i in range(16)]
    rows += [("w", "row/open", "2025-05-14", call | {"account_id": "whale"})] * 10
    found = agentic.tool_share_and_largest_account(connect(generations(rows), models=FACTS)).set_index("week")
    spike, before = found.loc[pd.Timestamp("2025-05-12")], found.loc[pd.Timestamp("2025-05-05")]
    assert (before["share"], before["largest_account_share"]) == (0.2, 0.25)
    assert spike["share"] == pytest.approx(14 / 30)
    assert spike["largest_account_part"] == pytest.approx(10 / 30)
    assert spike["accounts"] == 5


def test_requests_without_a_finish_reason_count_in_the_tokens_that_tool_calls_are_a_share_of(connect):
    call, cut = {"finish_reason": "tool_calls"}, {"finish_reason": None, "cancelled": True}
    days = {"2025-05-05": call, "2025-05-06": {}, "2025-05-07": cut, "2025-05-08": cut, "2025-05-12": cut}
    rows = [("u", "row/open", day, other) for day, other in days.items()]
    found = BY_ID["fig12"].queries[0](connect(generations(rows), models=FACTS))
    assert found[["tool_requests", "requests", "known_requests"]].to_numpy().tolist() == [
        [1, 4, 2],
        [0, 1, 0],
    ]
    assert found[["tool_tokens", "tokens"]].to_numpy().tolist() == [[150, 600], [0, 150]]
    assert found["share"].iloc[0] == 0.25
    assert pd.isna(found["share"].iloc[1])  # not 0: nothing is known of the week


def test_the_first_and_the_last_four_complete_weeks_are_summed_up(connect):
    monday = dt.date(2025, 3, 3)
    rows = []
    for week, opened in enumerate(
        [0, 1, 3, 8, 5, 9, 2, 4, 10, 10]
    ):  # of ten requests each; the last week is cut
        day = monday + dt.timedelta(weeks=week)
        rows += [("u", "row/open" if i < opened else "row/closed", day.isoformat()) for i in range(10)]
    saturday = monday + dt.timedelta(weeks=9, days=5)
    facts = models(model("row/open", "2024-01-01", open_weights=True), model("row/closed", "2024-01-01"))
    log = connect(generations(rows), models=facts, end=saturday)
    found = openness.share_summary(log).set_index("source_type").loc["row-open"]
    assert found["weeks"] == 9
    assert found["first"] == pytest.approx((0 + 1 + 3 + 8) / 40)
    assert found["last"] == pytest.approx((9 + 2 + 4 + 10) / 40)


def test_launch_access_is_left_out_on_its_days_only(connect):
    facts = models(
        model("a/b", "2025-05-01", reasoning_optimised=True, free_windows=[
            {"from": dt.date(2025, 5, 6), "to": dt.date(2025, 5, 7), "kind": "launch_promotion"},
            {"from": dt.date(2025, 5, 8), "to": None, "kind": "free_variant"},
        ]),
        model("c/d", "2025-05-01", reasoning_optimised=True),
    )  # fmt: skip
    free = {"cost_total": 0.0}
    days = ["2025-05-05T23:59", "2025-05-06T00:00", "2025-05-07T23:59", "2025-05-08T00:00"]
    rows = [("u", name, day, free) for day in days for name in ("a/b", "c/d")]
    rows += [("u", name, "2025-05-06T12:00", {}) for name in ("a/b", "c/d")]  # paid
    found = agentic.weekly_reasoning_models(connect(generations(rows), models=facts)).set_index("model")
    assert found.loc["a/b", ["requests", "launch_requests", "tokens", "launch_tokens"]].tolist() == [
        3,
        2,
        450,
        300,
    ]
    assert found.loc["c/d", ["requests", "launch_requests"]].tolist() == [5, 0]
    assert found["share"].tolist() == pytest.approx([5 / 8, 3 / 8])


@pytest.mark.parametrize("weeks", [1, 2, 5, 11, 12])
def test_a_short_log_has_one_ranking(connect, weeks):
    first = dt.date(2025, 1, 6)
    rows = [("u", "row/open", str(first + dt.timedelta(weeks=i))) for i in range(weeks)]
    log = connect(generations(rows), models=FACTS, start=first, end=first + dt.timedelta(days=7 * weeks - 1))
    found = agentic.reasoning_ranking(log)
    assert found["period"].tolist() == (["latest", "earlier"] if weeks > 8 else ["latest"])
    assert found["requests"].iloc[0] == min(weeks, 4)


def test_growth_of_prompts_of_a_stable_category_is_mix_alone(connect):
    def week(day, coding, talking, length):
        one = {"tokens_prompt": length}
        return [("u", "cn/open", day, one)] * coding + [
            ("u", "cn/open", day, {"tokens_prompt": 100})
        ] * talking

    first, last = week("2025-05-06", 5, 15, 1000), week("2025-05-13", 10, 10, 1000)
    tags = [
        (
            f"g{i:05d}",
            "/Computers & Electronics/Programming" if row[3]["tokens_prompt"] == 1000 else "/Adult",
            0.9,
        )
        for i, row in enumerate(first + last)
    ]
    log = connect(
        generations(first + last), labels=labels(tags), start=dt.date(2025, 5, 5), end=dt.date(2025, 5, 18)
    )
    found = lengths.prompt_growth(log).set_index("category")
    assert found.loc["all", ["mean_first", "mean_last"]].tolist() == [325, 550]
    assert found["within"].abs().max() == 0
    assert found.loc["all", "mix"] == pytest.approx(225)
    assert found.loc["programming", "mix"] == pytest.approx(0.25 * (1000 - 437.5))


# --- what holds for every log

START, END = dt.date(2025, 1, 1), dt.date(2025, 6, 15)
PATHS = ["/Adult", "/Health", "/Computers & Electronics/Programming", "/Pets & Animals"]
requests = st.tuples(
    st.sampled_from("abcdef"),
    st.sampled_from(["cn/open", "row/open", "cn/closed", "row/closed", "none/listed"]),
    st.integers(0, (END - START).days * 86_400 + 86_399),
    st.integers(0, 2**31 - 1),
    st.integers(0, 5000),
    st.sampled_from(["stop", "tool_calls", None]),
    st.sampled_from([True, False, None]),  # tools offered
    st.sampled_from([0.0, 0.01]),
)


@settings(
    max_examples=3,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller example takes minutes to find
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    drawn=st.lists(requests, min_size=1, max_size=60),
    given_labels=st.lists(
        st.tuples(st.integers(0, 59), st.sampled_from(PATHS), st.floats(0, 1, width=32)), max_size=40
    ),
)
def test_tokens_are_conserved_and_shares_add_up(connection, drawn, given_labels):
    first = dt.datetime.combine(START, dt.time())
    rows = [
        (user, name, (first + dt.timedelta(seconds=second)).isoformat(),
         {"account_id": user, "tokens_prompt": prompt, "tokens_completion": completion, "finish_reason": reason,
          "tokens_reasoning": completion >> 1, "cost_total": cost,
          "tools_offered": True if reason == "tool_calls" and offered is not None else offered})
        for user, name, second, prompt, completion, reason, offered, cost in drawn
    ]  # fmt: skip
    tagged = [(f"g{i:05d}", path, confidence) for i, path, confidence in given_labels if i < len(drawn)]
    fill(connection, generations=generations(rows), labels=labels(tagged), models=FACTS)
    with open_log((connection, "generations"), start=START, end=END) as log:
        tables = {}
        for exhibit in EXHIBITS:
            try:
                tables[exhibit.id] = frame = exhibit.table(log)
            except NotAvailable:
                if exhibit.id in ("fig12", "fig13"):
                    assert not any(row[5] for row in drawn)
                elif exhibit.id == "fig12b":
                    assert not any(row[5] for row in drawn) or all(row[6] is None for row in drawn)
                else:
                    assert exhibit.id == "fig16b"
                continue
            for column in (c for c, form in exhibit.formats.items() if form == "share"):
                known = frame[column].dropna()
                if exhibit.id not in ("fig06", "fig07") or column != "share":
                    assert ((known >= 0) & (known <= 1 + 1e-12)).all()

        everything = sum(row[3] + row[4] for row in drawn)
        by_type = tables["fig02"]
        assert by_type["tokens"].sum() == tables["fig14"]["tokens"].sum() == everything
        opened = by_type[by_type["source_type"].isin(openness.OPEN_TYPES)]["tokens"].sum()
        for name in ("table1", "fig03", "fig04"):
            assert tables[name]["tokens"].sum() == opened
        assert openness.concentration(log)["week_tokens"].sum() == opened
        assert openness.size_leaders(log)["class_tokens"].sum() == opened
        for name, value in (("fig02", "share"), ("fig03", "share"), ("fig04", "share"), ("fig13", "share")):
            if name in tables:
                sums = tables[name].dropna(subset=[value]).groupby("week")[value].sum()
                assert np.allclose(sums, 1)
        spread = openness.concentration(log).dropna(subset=["hhi"])
        assert (spread["hhi"] <= spread["top_share"] + 1e-12).all()
        assert (spread["top_share"] ** 2 <= spread["hhi"] + 1e-12).all()
        assert (spread["leading_models"] <= 20).all()

        ranked = agentic.weekly_reasoning_models(log)
        flagged = agentic.reasoning_share(log)["reasoning_model_tokens"].sum()
        assert ranked["tokens"].sum() + ranked["launch_tokens"].sum() == flagged
        assert (ranked[["requests", "launch_requests", "tokens", "launch_tokens"]] >= 0).all(axis=None)

        labelled = openness.weekly_categories(log)
        types = labelled.drop_duplicates(["week", "source_type"])
        labelled_ones = lengths.labelled_lengths(log)
        assert types["type_tokens"].sum() == labelled_ones["tokens"].sum() <= everything
        assert types["type_requests"].sum() == labelled_ones["requests"].sum()
        weeks = openness.category_mix(log).groupby("week")
        mixed = weeks.agg(tokens=("tokens", "sum"), whole=("labelled_tokens", "max"))
        assert (mixed["tokens"] >= mixed["whole"]).all()
        for category in ("programming", "roleplay"):
            inside, sources = (
                labelled[labelled["category"] == category],
                openness.category_sources(log, category),
            )
            assert sources["tokens"].sum() == inside["tokens"].sum()
            assert sources["requests"].sum() == inside["requests"].sum()
            assert np.allclose(sources.dropna(subset=["share"]).groupby("week")["share"].sum(), 1)
        growth = lengths.prompt_growth(log)
        if len(growth):
            whole, parts = growth.iloc[-1], growth.iloc[:-1]
            assert parts["total"].sum() == pytest.approx(whole["mean_last"] - whole["mean_first"], abs=1e-3)

        if "fig12b" in tables:
            offers = tables["fig12b"]
            assert (offers["offered"] >= offers["called"]).all()
            assert (offers["unoffered_calls"] == 0).all()
            assert offers["requests"].sum() == sum(row[6] is not None for row in drawn)
        if "fig12" in tables:
            tools = tables["fig12"]
            assert (tools["largest_account_tokens"] <= tools["tool_tokens"]).all()
            assert (tools["largest_account_part"].fillna(0) <= tools["share"].fillna(0) + 1e-12).all()
            assert tools["tool_tokens"].sum() == tables["fig13"]["tool_tokens"].sum()
        completion = tables["fig15"]
        both = completion["mean_visible"] + completion["mean_reasoning"]
        assert np.allclose(both, completion["mean_completion"])
        assert usage.weekly(log)["requests"].sum() == len(drawn)
