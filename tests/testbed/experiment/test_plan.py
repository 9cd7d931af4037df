"""Reading experiment files: what they mean, and errors that name file, line and column."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

import sim
from sim.mechanisms import MECHANISMS
from sim.scenario.shipped import WORLDS
from testbed.claims import registry as claims
from testbed.experiment import reading
from testbed.experiment.runs import local, portable
from testbed.failure import BadInput
from testbed.patterns import registry
from tests.testbed.experiment.made import TINY, write


def test_a_plan(tmp_path):
    plan = reading.load(write(tmp_path))
    assert [arm.name for arm in plan.arms] == ["base", "fit=off", "lock_in=0", "lock_in=3"]
    assert plan.needs == "activity" and plan.users == 3000
    assert [cell.replicate for cell in plan.cells] == [0] * 4 + [1] * 4 + [2] * 4  # replicate-major
    seeds = [cell.task.seed for cell in plan.cells]
    assert seeds[0] == seeds[3] != seeds[4]  # the arms of a replicate share their luck
    assert "mechanisms.lock_in.strength=1.5" in plan.cells[0].task.settings
    assert "mechanisms.lock_in.strength=3" in plan.cells[3].task.settings
    assert len({cell.task.key for cell in plan.cells}) == len(plan.cells)


@pytest.mark.parametrize(
    ("old", "new", "line", "at", "text"),
    [
        ("replicates: 3", "replicate: 3", 5, "replicate:", "did you mean 'replicates'"),
        ("replicates: 3", "replicates: none", 5, "none", "a whole number"),
        ("mechanisms.fit}", "mechanisms.fitt}", 8, "mechanisms.fitt", "the world refuses mechanisms.fitt=off"),
        ("[0, 3]", "[0, -3]", 9, "-3", "the world refuses mechanisms.lock_in.strength=-3"),
        ("base: 1.5", "base: -1.5", 9, "-1.5", "the world refuses"),
        ("{start: 2024-12-01,", "{start: never,", 6, "never", "the world refuses start=never"),
        ("is: launch-cohort-stands-out", "is: launch-cohort-stand-out", 12, "launch-cohort", "did you mean 'launch-"),
        ("k: 3}", "kk: 3}", 12, "3}, expect", "takes no 'kk'"),
        ("k: 3}", "k: three}", 12, "three", "valid integer"),
        ("k: 3}", "k: 0}", 12, "0}, expect", "greater than or equal to 1"),
        ("k: 3}", "k: 3, margin: 10}", 12, "10}, expect", "less than or equal to 1"),
        ("model: new/frontier", "model: new/fronteer", 12, "new/fronteer", "did you mean 'new/frontier'?"),
        ("fit: necessary", "fits: necessary", 12, "fits", "no factor 'fits'"),
        ("fit: necessary", "fit: necesary", 12, "necesary,", "necessary"),
        ("base: one-frontier-model.yaml", "base: one-frontier.yaml", 3, "one-front", "did you mean 'one-frontier-m"),
        ("designs: [one_at_a_time]", "designs: [alone]", 9, "{key: mech", "factors with one level"),
        ("designs: [one_at_a_time]", "listed: {x: {fitt: off}}", 10, "fitt", "no factor 'fitt'"),
        ("designs: [one_at_a_time]", "listed: {x: {lock_in: -1, fit: off}}", 10, "-1, fit", "the world refuses"),
        ("switch: mechanisms.fit", "switch: mechanisms.fit, levels: [on]", 8, "mechanisms.fit,", "one level off"),
        ("key: mechanisms.lock_in.strength", "key: mechanisms.fit", 9, "lock_in", "already the key of 'fit'"),
        ("key: mechanisms.lock_in.strength", "key: seed", 9, "seed", "the experiment's `seed`"),
        ("set: {start", "set: {seed: 3, start", 6, "seed", "a replicate's seed comes from"),
        ("base: one-frontier-model.yaml", "worlds: {a: {file: a.yaml, set: {seed: 1}}}", 3, "seed", "a replicate's"),
        ("arms: {designs: [one_at_a_time]}", "", 8, "fit", "no arm changes the factor 'fit'; add `arms:"),
        ("designs: [one_at_a_time]", "listed: {x: {fit: off}}", 9, "lock_in", "no arm changes the factor 'lock_in'"),
        ("[0, 3]", "[1, true, 1.0]", 9, "1.0]", "already in the list"),
        ("[0, 3]}\narms: {designs: [one_at_a_time]}", f"{list(range(9999))}}}\narms: {{designs: [pairwise, full]}}",
         10, "pairwise", "the design 'pairwise' makes 20,000 arms of these factors, expected at most 10,000"),
        ("users: 3000", "worlds: {a: {file: nulls/*.yaml}}", 4, "worlds", "either `base`"),
        ("base: one-frontier-model.yaml", "worlds: {a: {file: nulls/*.yaml}}", 3, "nulls", "no file matches"),
    ],
)  # fmt: skip
def test_errors_name_their_place(tmp_path, old, new, line, at, text):
    assert old in TINY
    file = write(tmp_path, TINY.replace(old, new))
    with pytest.raises(sim.ScenarioError) as caught:
        reading.load(file)
    said = str(caught.value)
    assert text in said, said
    column = file.read_text().splitlines()[line - 1].index(at) + 1
    assert f"tiny.yaml:{line}:{column}: " in said, said


EVENTS = (
    TINY.partition("factors:")[0]
    + """\
factors:
  cut: {event: {event: price_change, date: 2025-03-01, model: new/frontier, factor: 0.7, lasting: on}}
  rival: {event: {event: outage, date: 2025-05-10, days: 3, model: rival/later}}
arms:
  designs: [one_at_a_time]
  listed: {both: {cut: on, rival: on}}
patterns:
  kept: {is: cohort-retention, with: {model: new/frontier, k: 4}, expect: {cut: helps}}
"""
)


def test_an_event_happens_where_its_factor_is_on(tmp_path):
    plan = reading.load(write(tmp_path, EVENTS))
    calendars = {}
    for arm in plan.arms:
        settings, _ = plan.worlds_resolved["one-frontier-model", arm.name]
        calendar = sim.load_world(WORLDS / "one-frontier-model.yaml", settings=settings).scenario.calendar
        calendars[arm.name] = [event.event for event in calendar]
    assert calendars == {
        "base": [], "cut=on": ["price_change"], "rival=on": ["outage"], "both": ["price_change", "outage"],
    }  # fmt: skip
    cut = plan.arms[1]
    assert (cut.factor, cut.weakens_cause, cut.at_extreme) == ("cut", False, True)  # more of the cause
    assert [plan.level_of(arm, "cut") for arm in plan.arms] == ["off", "on", "off", "on"]
    assert len({cell.task.key for cell in plan.cells}) == len(plan.cells)


def test_an_event_is_added_to_what_the_worlds_calendar_has(tmp_path):
    file = tmp_path / "world.yaml"
    file.write_text("extends: one-frontier-model\ncalendar: [{event: outage, date: 2025-04-01, days: 1, "
                    "model: old/model}]\n")  # fmt: skip
    plan = reading.load(write(tmp_path, EVENTS.replace("one-frontier-model.yaml", "world.yaml")))
    settings, _ = plan.worlds_resolved["world", "cut=on"]
    calendar = sim.load_world(file, settings=settings).scenario.calendar
    assert [event.event for event in calendar] == ["outage", "price_change"]


@pytest.mark.parametrize(
    ("old", "new", "line", "at", "text"),
    [
        ("new/frontier, factor", "new/fronteer, factor", 8, "new/fronteer", "did you mean 'new/frontier'"),
        ("event: outage", "event: outrage", 9, "outrage", "the world refuses this event: expected price_change"),
        ("2025-05-10", "2025-15-10", 9, "2025-15-10", "there is no such month"),
        ("lasting: on", "lastin: on", 8, "on}", "unknown key 'lastin'; did you mean 'lasting'"),
        ("days: 3, ", "", 9, "{event: outage", "missing key 'days'"),
        ("both: {cut: on", "both: {cut: 1", 12, "1, rival", "an event is on or off, not 1"),
        ("lasting: on}}", "lasting: on}, levels: [on]}", 8, "{event: price", "leave out `base` and `levels`"),
        ("rival: {event", "rival: {key: users, event", 9, "{key", "either `key` with its `levels`, or `switch`, or"),
        ("  rival: {", "  rivals: {key: calendar, levels: [[]]}\n  rival: {", 10, "rival", "the key of 'rivals'"),
    ],
)  # fmt: skip
def test_errors_of_an_event_name_their_place(tmp_path, old, new, line, at, text):
    assert old in EVENTS
    changed = EVENTS.replace(old, new)
    if "rivals" in new:
        changed = changed.replace("[one_at_a_time]", "[full]").replace("  listed", "  # listed")
    file = write(tmp_path, changed)
    with pytest.raises(sim.ScenarioError) as caught:
        reading.load(file)
    said = str(caught.value)
    assert text in said, said
    column = file.read_text().splitlines()[line - 1].index(at) + 1
    assert f"tiny.yaml:{line}:{column}: " in said, said


def test_an_arm_without_the_event_may_set_the_whole_calendar(tmp_path):
    text = EVENTS.replace("  rival: {", "  rivals: {key: calendar, levels: [[], [[]]]}\n  rival: {")
    plan = reading.load(write(tmp_path, text.replace("[[], [[]]]", "[[]]")))
    assert "rivals=[]" in {arm.name for arm in plan.arms}
    with pytest.raises(sim.ScenarioError, match="each makes an arm of its own"):
        reading.load(write(tmp_path, text.replace("[[], [[]]]", "[[], []]")))


@pytest.mark.parametrize(
    ("inner", "design", "arm"),
    [
        ("levels: [2]", "full", "strength=2, lock=off"),
        ("levels: [2]", "alone", "none"),
        ("base: 1.5, levels: [2]", "one_at_a_time", "lock=off"),  # which would set the base's strength, too
    ],
)
def test_an_arm_cannot_set_a_switch_and_a_key_within_it(tmp_path, inner, design, arm):
    factors = f"""\
  strength: {{key: mechanisms.lock_in.strength, {inner}}}
  lock: {{switch: mechanisms.lock_in}}
"""
    head, _, tail = TINY.partition("  fit: ")
    text = head + factors + tail[tail.index("arms:") :].replace("one_at_a_time", design)
    text = text.replace(", expect: {fit: necessary, lock_in: irrelevant}", "")
    with pytest.raises(sim.ScenarioError) as caught:
        reading.load(write(tmp_path, text))
    said = str(caught.value)
    assert "tiny.yaml:8:3: " in said and "the key of 'lock'" in said and f"the arm '{arm}' sets both" in said
    apart = text.replace(design, "one_at_a_time").replace("base: 1.5, ", "")
    assert len(reading.load(write(tmp_path, apart)).arms) == 3


def test_an_error_in_the_world_names_the_world(tmp_path):
    (tmp_path / "world.yaml").write_text("title: A world\nquestion: none?\nuserss: 3\n")
    file = write(tmp_path, TINY.replace("one-frontier-model.yaml", "world.yaml"))
    with pytest.raises(sim.ScenarioError, match=r"world.yaml:3:1: .*userss"):
        reading.load(file)


def test_a_glob_stands_for_all_patterns_that_match(tmp_path):
    plan = reading.load(write(tmp_path, TINY + "  '*-boomerang': {expect: {fit: irrelevant}}\n  C117: {}\n"))
    assert [p.name for p in plan.patterns] == [
        "launch", "kept", "deepseek-r1-boomerang", "deepseek-v3-0324-boomerang", "C117",
    ]  # fmt: skip
    assert plan.patterns[2].expect == {"fit": "irrelevant"}


def test_a_claim_on_tokens_makes_the_runs_write_their_log(tmp_path):
    assert reading.load(write(tmp_path, TINY + "  C12: {}\n")).needs == "log"


def combinations(plan):
    """Arms of the design `full`: each factor has its base level and those it is changed to."""
    return math.prod(1 + len(factor.levels) for factor in plan.file.factors.values())


def test_the_shipped_experiments_can_run():
    names = (
        "ablation",
        "slipper-dose",
        "error-rates",
        "power",
        "launch-contrast",
    )  # price-cuts: its page's test
    ablation, doses, errors, power, contrast = (
        reading.load(reading.find(name), replicates=2) for name in names
    )
    assert len(ablation.arms) == 1 + len(MECHANISMS) and ablation.needs == "activity"
    assert [pattern.name for pattern in ablation.patterns] == list(ablation.file.patterns)
    assert len(doses.arms) == combinations(doses)
    assert {p.bound.pattern.needs for p in doses.patterns} == {"activity"}
    assert {world.effect for world in errors.worlds} == {"absent", "present"}
    shipped = {file.stem for file in (WORLDS / "nulls").glob("*.yaml")}
    assert len(errors.worlds) == len(shipped - {"planted-00"})  # all of them, each once
    assert len(errors.cells) == 2 * len(errors.worlds)
    assert len(power.arms) == combinations(power) and errors.needs == power.needs == "log"
    assert "fit and migration off" in {arm.name for arm in contrast.arms} and contrast.needs == "activity"


def test_a_world_is_beside_the_experiment_or_shipped_and_never_in_the_current_folder(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    for name in ("one-frontier-model.yaml", "mine.yaml"):
        (here / name).write_text("title: Another world\n")
    monkeypatch.chdir(here)
    assert reading.load(write(tmp_path)).cells[0].task.scenario == "shipped:one-frontier-model.yaml"
    with pytest.raises(sim.ScenarioError, match=r"tiny.yaml:3:7: .*no such file\n"):
        reading.load(write(tmp_path, TINY.replace("one-frontier-model", "mine")))
    (tmp_path / "mines.yaml").write_text("title: Beside the experiment\n")
    with pytest.raises(
        sim.ScenarioError, match=r"tiny.yaml:3:7: .*no such file, did you mean 'mines.yaml'\?"
    ):
        reading.load(write(tmp_path, TINY.replace("one-frontier-model", "mine")))


def test_a_shipped_world_is_found_where_the_worker_has_it(tmp_path, monkeypatch):
    shipped_world = reading.load(write(tmp_path)).cells[0].task.scenario
    assert shipped_world == "shipped:one-frontier-model.yaml"
    monkeypatch.setattr("testbed.shipped.FOLDER", tmp_path / "elsewhere")
    assert local(shipped_world) == tmp_path / "elsewhere" / "one-frontier-model.yaml"
    assert local(portable(tmp_path / "mine.yaml")) == tmp_path / "mine.yaml"


def test_names_of_experiments():
    assert reading.find("ablation") == reading.find("scenarios/experiments/ablation.yaml").resolve()
    with pytest.raises(BadInput, match="did you mean 'ablation'"):
        reading.find("ablaton")


def test_a_glob_stands_for_all_worlds_that_match(tmp_path):
    for name in ("one", "two", "two-and-a-half", "three"):
        shutil.copy(WORLDS / "one-frontier-model.yaml", tmp_path / f"w-{name}.yaml")
    worlds = 'worlds: {null: {file: w-*.yaml, without: ["*two*"], effect: absent}}'
    plan = reading.load(write(tmp_path, TINY.replace("base: one-frontier-model.yaml", worlds)))
    assert [(world.name, world.effect) for world in plan.worlds] == [
        ("null w-one", "absent"),
        ("null w-three", "absent"),
    ]


def test_files_of_a_glob_with_the_same_name_are_all_kept(tmp_path):
    for folder in ("d1", "d2", "d3.yaml"):
        (tmp_path / "x" / folder).mkdir(parents=True)
    for folder in ("d1", "d2"):
        shutil.copy(WORLDS / "one-frontier-model.yaml", tmp_path / "x" / folder / "base.yaml")
    shutil.copy(WORLDS / "one-frontier-model.yaml", tmp_path / "x" / "d2" / "other.yaml")

    def names(glob, more=""):
        worlds = f"worlds: {{w: {{file: '{glob}'}}{more}}}"
        return [
            w.name
            for w in reading.load(
                write(tmp_path, TINY.replace("base: one-frontier-model.yaml", worlds))
            ).worlds
        ]

    assert names("x/d*/base.yaml") == ["w d1/base.yaml", "w d2/base.yaml"]
    assert names("x/d2/*.yaml") == ["w base", "w other"]
    assert names(f"{tmp_path}/x/**/*.yaml") == ["w d1/base.yaml", "w d2/base.yaml", "w d2/other.yaml"]
    with pytest.raises(sim.ScenarioError, match=r"tiny.yaml:3:.* another world is called 'w base'"):
        names("x/d2/*.yaml", ", w base: {file: one-frontier-model.yaml}")


# --- run keys


def keys(file, **options) -> set[str]:
    return {cell.task.key for cell in reading.load(file, **options).cells}


def test_a_key_stands_for_what_decides_a_run(tmp_path, monkeypatch):
    base = keys(write(tmp_path))
    assert keys(write(tmp_path, name="other-name.yaml")) == base
    reordered = TINY.replace("  fit: {switch: mechanisms.fit}\n", "").replace(
        "arms:", "  fit: {switch: mechanisms.fit}\narms:"
    )
    first, second = (line for line in TINY.splitlines() if line.startswith(("  launch", "  kept")))
    reordered = reordered.replace(first, "#").replace(second, f"{second}\n{first}")
    assert keys(write(tmp_path, reordered)) == base  # neither the order of factors nor that of patterns
    assert keys(write(tmp_path, TINY.replace("A tiny experiment", "Another title"))) == base
    assert base < keys(write(tmp_path), replicates=4)  # more replicates add runs
    for change in ({"users": 1501}, {"seed": 2}):
        assert not keys(write(tmp_path), **change) & base
    assert not keys(write(tmp_path, TINY.replace("k: 4", "k: 5"))) & base
    from sim import world

    monkeypatch.setattr(world, "source_digest", lambda: "another version")
    assert not keys(write(tmp_path)) & base


def test_a_key_follows_the_content_of_the_world(tmp_path):
    shutil.copy(WORLDS / "one-frontier-model.yaml", tmp_path / "mine.yaml")
    file = write(tmp_path, TINY.replace("one-frontier-model.yaml", "mine.yaml"))
    base = keys(file)
    assert base == keys(write(tmp_path, name="shipped.yaml"))  # the world's name is no part of it
    text = (tmp_path / "mine.yaml").read_text()
    (tmp_path / "mine.yaml").write_text(text.replace("initial_share: 0.6", "initial_share: 0.5"))
    assert not keys(file) & base
    (tmp_path / "mine.yaml").write_text(text.replace("# One frontier model", "# A comment"))
    assert keys(file) == base


def test_another_way_of_judging_is_another_key(tmp_path, monkeypatch):
    base = keys(write(tmp_path))
    monkeypatch.setattr("testbed.experiment.plan.method_digest", lambda: "judged otherwise")
    assert not keys(write(tmp_path)) & base


@pytest.mark.parametrize(
    ("place", "changes"),
    [
        ("analysis/inference/launch/four_tests.py", True),
        ("analysis/report/exhibits/retention.py", True),
        ("analysis/queries/retention.py", True),
        ("testbed/patterns/verdict.py", True),
        ("testbed/claims/statistics/retention.py", True),
        ("testbed/claims/measuring/cohorts.py", True),
        ("testbed/claims/verdict.py", True),
        ("testbed/patterns/outcome.py", True),
        ("analysis/report/figures/cohorts.py", False),  # draws
        ("analysis/report/pages/page.py", False),
        ("testbed/experiment/findings/page.py", False),
    ],
)
def test_a_key_follows_the_code_that_judges_and_not_what_draws(monkeypatch, place, changes):
    def digests() -> tuple[str, str]:
        return claims.method_digest.__wrapped__(), registry.method_digest.__wrapped__()

    touched = (WORLDS.parent / place).resolve()
    assert touched.is_file()
    before, read = digests(), Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda file: read(file) + (b"#" if file.resolve() == touched else b"")
    )
    assert (digests() != before) == changes


def test_the_digest_of_a_run_holds_that_of_the_claims(monkeypatch):
    before = registry.method_digest.__wrapped__()
    assert claims.load().digest == claims.registry().digest
    monkeypatch.setattr(claims, "method_digest", lambda: "judged otherwise")
    changed = claims.load()
    monkeypatch.setattr(claims, "registry", lambda: changed)
    assert registry.method_digest.__wrapped__() != before


def test_a_file_of_the_analysis_that_moves_is_another_way_of_judging(tmp_path):
    (tmp_path / "analysis" / "inference").mkdir(parents=True)
    (tmp_path / "analysis" / "inference" / "a.py").write_text("x = 1\n")
    before = claims.digest_of(claims.method_files(tmp_path / "analysis"))
    (tmp_path / "analysis" / "inference" / "a.py").rename(tmp_path / "analysis" / "a.py")
    assert claims.digest_of(claims.method_files(tmp_path / "analysis")) != before


def test_globs_of_arms_are_checked_before_any_world_is_read(tmp_path, monkeypatch):
    def read(*_: object, **__: object) -> None:
        raise AssertionError("a world was read")

    monkeypatch.setattr("testbed.experiment.reading.load_world", read)
    with pytest.raises(BadInput, match="--only: no arm matches 'nothing'"):
        reading.load(write(tmp_path), only=["nothing"])
    with pytest.raises(AssertionError):
        reading.load(write(tmp_path), only=["base"])
