"""The page on prices: what needs no run is current, what the runs say follows from them, and the command fills it."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from sim.catalogue import load_catalogue
from sim.scenario.shipped import WORLDS
from testbed import markdown
from testbed.experiment import engine, reading
from testbed.experiment.runs import failed
from testbed.studies.behaviour import parameters
from testbed.studies.price import __main__ as command
from testbed.studies.price import page
from testbed.studies.price.elasticity import Elasticity, cuts, measures
from testbed.studies.price.known import logit_elasticities
from testbed.studies.price.results import Results
from tests.testbed import price_world
from tests.testbed.experiment.carriers import Serial
from tests.testbed.experiment.made import write

NOT_MADE = f"Not made yet: `{page.PROGRAM}` writes it here."


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The answers of the tiny experiment, without runs."""
    return price_world.made(tmp_path_factory.mktemp("cuts"))


def test_what_needs_no_run_is_current():
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.with_tables(text, page.fixed()) == text, (
        f"docs/price.md is old: {page.PROGRAM} --without-runs"
    )


def test_the_results_are_made_or_said_to_be_missing():
    text = page.PAGE.read_text(encoding="utf-8")
    place = text.partition(page.BEGIN.format("results"))[2].partition(markdown.END)[0].strip()
    assert place == NOT_MADE or place.startswith(f"Made by `{page.PROGRAM}")


def test_the_page_says_what_went_in():
    text = " ".join(page.PAGE.read_text(encoding="utf-8").split())
    assert "check of a conversion, and not independent evidence" in text and "(behaviour.md)" in text
    (alpha,) = [p for p in parameters() if p.key == "mechanisms.price_response.alpha"]
    assert alpha.sources == ("Demirer et al. 2025",) and alpha.sources[0] in text
    assert all(number in text and number in alpha.evidence for number in ("-0.55", "-1.11"))
    low, high = page.NEAR
    assert f"between {low} and {high} is called near" in text
    assert f"{page.DRAWS:,} experiments a row" in text and f"true elasticity of {page.TRUTH}" in text


def test_models_that_are_worth_their_price_lie_on_a_flat_line():
    lines = page.example()
    assert lines[-1].endswith("0.00.")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[2:5]]
    assert {row[3] for row in rows} == {"33.3%"} and {row[5] for row in rows} == {"−0.45"}


def test_the_experiment_cuts_models_that_are_there_all_along():
    """Eight models, listed before the cuts and to the end, priced above the floor with and without them; each is
    counted, beside all together, and has a rival with which it is made cheaper in another arm."""
    plan = reading.load(reading.find("price-cuts"), replicates=1)
    found, catalogue = Results(plan, None, []), load_catalogue(WORLDS / "catalogue")
    assert len(found.alone) >= 8 and len({cut.models for cut in found.alone}) == len(found.alone)
    for cut in found.alone:
        facts = catalogue[cut.models[0]].facts
        assert facts.released < cut.date and facts.retired is None and cut.factor == 0.7
        price = found.price(cut)
        assert price.prompt * cut.factor > 0.02 and found.rival(cut.models[0]) is not None
    assert {event["lasting"] for f in plan.file.factors.values() if (event := f.event)} == {"on"}
    asked = {(m.model, m.weeks) for m in measures(plan)}
    assert asked == {
        (model, weeks) for weeks in (4, 21) for model in (None, *(c.models[0] for c in found.alone))
    }
    (every,) = [cut for cut in cuts(plan) if cut.of_all]
    assert every.factor == 0.9
    assert plan.needs == "activity"
    assert sum(len(cut.models) == 2 for cut in cuts(plan)) == len(found.alone) / 2


def lines_of(found: Results) -> list[str]:
    return page.results(found, "made by hand")


def test_the_sentences_follow_from_the_runs(found):
    made, _, across, own, market, *rest = lines_of(found)
    assert made.startswith("Made by `made by hand`: 4 replicates of 1,500 users from seed 1, version made.")
    # The mean of -0.1, -0.12, -0.14 and -0.16, and Student's t for three degrees of freedom: 3.182 * 0.0129
    assert "10% dearer goes with 1.2% less use (tokens): slope −0.13 [−0.17 to −0.09]" in across
    assert across.endswith("(C142) holds in 3 of 4 worlds.")
    mean = found.mean([(cut, cut.models[0]) for cut in found.alone], 4)
    each = {found.name(cut.models[0]): found.own(cut, 4).value for cut in found.alone}
    lowest, highest = min(each, key=each.get), max(each, key=each.get)
    assert f"own elasticity −{abs(mean.value):.2f} [" in own and "mean of 3 models, not near what is" in own
    assert f"from −{-each[lowest]:.2f} ({lowest}) to −{-each[highest]:.2f} ({highest})" in own
    assert market.count("0.00 [0.00 to 0.00]") == 2 and "where all listed models are 10% cheaper" in market
    assert [line for line in rest if line.startswith("###")] == [
        "### One model cheaper", "### From whom", "### Several cheaper at once",
    ]  # fmt: skip


def test_the_tables_hold_each_models_own_and_cross_elasticities(found):
    text = "\n".join(lines_of(found))
    small, large = (
        next(c for c in found.alone if c.models == (f"{name}/model",)) for name in ("small", "large")
    )
    own, cross = found.own(small, 4), found.mean([(small, "large/model")], 4)
    closed = logit_elasticities(price_world.shares()["small"], price_world.WEIGHT, price_world.FACTOR)
    assert (own.value, cross.value) == pytest.approx(closed) and own.low < own.value < own.high
    said = f"| The small one | $0.5, $0.5 | {found.share('small/model', 4):.1%} | −{-own.value:.2f} ["
    assert said in text and f"The large one {cross.value:.2f} [{cross.low:.2f} to {cross.high:.2f}]" in text
    assert found.share("small/model", 4) == pytest.approx(price_world.shares()["small"])
    row = next(
        line for line in text.splitlines() if line.startswith("| The large one | **") and "$" not in line
    )
    values = [float(cell.strip(" *").replace("−", "-")) for cell in row.split("|")[2:-1]]
    told = [found.mean([(large, f"{name}/model")], 4).value for name in price_world.PRICES]
    assert values == pytest.approx(told, abs=0.005)
    assert "Of 6 cells that are not a model's own it does in 6; in 0.3 it would" in text
    assert re.search(r"\| The small one and The large one \| 40% cheaper \| −0\.\d\d \[", text)


def test_worlds_that_cannot_tell_and_missing_replicates_are_said(found):
    mute = [{"value": None, "holds": None, "why": "no tokens"}]
    assert "**Across models**: no world can tell: no tokens." in "\n".join(
        lines_of(replace(found, slopes=mute))
    )
    lost = found.table.copy()
    gone = (lost["arm"] == "small=on") & (lost["pattern"] == "small") & (lost["replicate"] == 2)
    lost.loc[gone, "value"] = math.nan
    text = "\n".join(lines_of(replace(found, table=lost)))
    assert text.count("(3 of 4)") == 1
    nothing = found.table.assign(value=math.nan)
    text = "\n".join(lines_of(replace(found, table=nothing)))
    assert "own elasticity – in 4 weeks" in text and "no model alone can be told" in text


@pytest.mark.parametrize(
    ("value", "text"), [(-0.0001, "0.00"), (-0.5, "−0.50"), (0.125, "0.12"), (math.nan, "–")]
)
def test_numbers(value, text):
    assert page._said(Elasticity(value)) == text


# --- the command


@pytest.fixture
def no_run(monkeypatch):
    """Nothing is run, and the made outcomes are not drawn."""
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("a run was carried out"))
    monkeypatch.setattr(page, "error_rates", lambda: ["made"])


def test_the_command_fills_a_page_and_remembers_the_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(page, "error_rates", lambda: ["made"])
    monkeypatch.setattr(engine, "choose", lambda *_: Serial())
    file = price_world.write(tmp_path)
    out, memory = tmp_path / "price.md", tmp_path / "memory"
    argv = [str(file), "--users", "150", "--replicates", "1", "--out", str(out), "--memory", str(memory)]
    before = page.PAGE.read_text(encoding="utf-8")
    assert command.main(argv) == 0 and page.PAGE.read_text(encoding="utf-8") == before
    text = out.read_text(encoding="utf-8")
    assert (
        f"Made by `{page.PROGRAM} {file} --users 150 --replicates 1`: 1 replicate of 150 users from seed 1"
        in text
    )
    assert "no world can tell: the log has 9 of the 56 complete weeks" in text and NOT_MADE not in text
    assert len(list(memory.glob("*.json"))) == 6 + 1  # each arm's activity, and the base's log
    assert capsys.readouterr().out.strip() == str(out)
    monkeypatch.setattr(engine, "choose", lambda *_: pytest.fail("what is remembered was run again"))
    assert command.main(argv) == 0 and out.read_text(encoding="utf-8") == text


def test_without_runs_only_what_needs_none_is_made(tmp_path, no_run):
    out = tmp_path / "price.md"
    assert command.main(["--without-runs", "--out", str(out)]) == 0
    assert page.example()[2] in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("argv", "status", "said"),
    [
        (["no-such-experiment"], 2, "no-such-experiment"),
        (["{tiny}", "--replicates", "1"], 2, "no arm multiplies prices"),
        (["--without-runs", "--out", "{mine}"], 2, "slipper did not write this file"),
    ],
)
def test_what_cannot_be_is_told_before_any_run(tmp_path, capsys, no_run, argv, status, said):
    (mine := tmp_path / "mine.md").write_text("mine")
    words = [word.format(mine=mine, tiny=write(tmp_path)) for word in argv]
    assert command.main([*words, "--memory", str(tmp_path / "memory")]) == status
    assert said in capsys.readouterr().err and mine.read_text() == "mine"


def test_a_run_that_fails_is_told_and_nothing_is_written(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(page, "error_rates", lambda: ["made"])
    monkeypatch.setattr(engine, "choose", lambda *_: Serial(lambda task: failed(task, "no luck")))
    out = tmp_path / "price.md"
    argv = [
        str(price_world.write(tmp_path)),
        "--replicates",
        "1",
        "--out",
        str(out),
        "--memory",
        str(tmp_path / "m"),
    ]
    assert command.main(argv) == 1 and not out.exists()
    assert "no luck" in capsys.readouterr().err
