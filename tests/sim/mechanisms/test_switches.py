"""`mechanisms: {all: off, fit: on}`: the nearest word counts, in files, what they extend, `--set` and experiments."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.config.problems import ScenarioError
from sim.mechanisms import MECHANISMS
from testbed.experiment.plan import Plan
from testbed.experiment.reading import load
from tests.testbed.experiment.made import TINY, write
from tests.worlds import PLAIN

NAMES = tuple(MECHANISMS)
TUNED = "mechanisms: {lock_in: {strength: 3}, popularity: off, fit: {enabled: off, match_sd: 0.5}}"


def scenario(folder: Path, *layers: str, set_: tuple[str, ...] = ()) -> sim.Scenario:
    """A chain of files, each on top of the one before, and overrides."""
    (folder / "0.yaml").write_text(PLAIN.replace("mechanisms:", "# mechanisms:"))
    for number, text in enumerate(layers, start=1):
        (folder / f"{number}.yaml").write_text(f"extends: {number - 1}.yaml\n{text}\n")
    return sim.load_scenario(folder / f"{len(layers)}.yaml", settings=set_)


def on(found: sim.Scenario) -> set[str]:
    return {name for name in NAMES if getattr(found.mechanisms, name).enabled}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mechanisms: {all: off, fit: on}", {"fit"}),
        ("mechanisms: {fit: on, all: off}", {"fit"}),
        ("mechanisms: {all: on, fit: off}", {*NAMES} - {"fit"}),
        ("mechanisms: {all: off}", set()),
        ("mechanisms: {all: no, lock_in: {strength: 2}}", {"lock_in"}),
        ("mechanisms: {all: off, lock_in: {strength: 2, enabled: off}, fit: {enabled: on}}", {"fit"}),
        ("mechanisms: {all: off, popularity: on, fit: {match_sd: 0.1}}", {"popularity", "fit"}),
        ("mechanisms: {all: on}", {*NAMES}),
    ],
)
def test_all_switches_what_is_not_named_beside_it_whatever_the_scenario_extends(tmp_path, text, expected):
    assert on(scenario(tmp_path, text)) == expected
    assert on(scenario(tmp_path, TUNED, text)) == expected
    override = text.replace(": ", "=", 1)
    assert on(scenario(tmp_path, TUNED, set_=(override,))) == expected


def test_all_keeps_the_parameters_and_so_does_a_switch_beside_it(tmp_path):
    found = scenario(tmp_path, TUNED, "mechanisms: {all: off, lock_in: on}").mechanisms
    assert found.lock_in.enabled and found.lock_in.strength == 3
    assert not found.fit.enabled and found.fit.match_sd == 0.5
    assert scenario(tmp_path, TUNED, set_=("mechanisms.all=on",)).mechanisms.fit.match_sd == 0.5


@pytest.mark.parametrize("word", ["on", "off"])
def test_a_word_on_its_own_keeps_the_parameters(tmp_path, word):
    layers, override = (TUNED, f"mechanisms: {{lock_in: {word}, fit: {word}}}"), f"mechanisms.lock_in={word}"
    for found in (scenario(tmp_path, *layers), scenario(tmp_path, *layers, set_=(override,))):
        assert found.mechanisms.lock_in.strength == 3 and found.mechanisms.fit.match_sd == 0.5
        assert on(found).isdisjoint({"lock_in", "fit"}) == (word == "off")
    found = scenario(tmp_path, TUNED, set_=(override,))
    assert (found.mechanisms.lock_in.strength, found.mechanisms.lock_in.enabled) == (3, word == "on")


def test_a_scenario_with_all_is_the_one_that_names_each(tmp_path):
    each = ", ".join(f"{name}: {'on' if name == 'fit' else 'off'}" for name in NAMES)
    assert scenario(tmp_path, "mechanisms: {all: off, fit: on}") == scenario(
        tmp_path, f"mechanisms: {{{each}}}"
    )


PARAMETERS = {"fit": "match_sd: 0.1", "lock_in": "strength: 2", "popularity": "weight: 3"}
WORDS = st.sampled_from(["on", "off"])
FORMS = st.sampled_from(["bare", "enabled", "parameters"])
NAMED = st.dictionaries(st.sampled_from(sorted(PARAMETERS)), st.tuples(FORMS, WORDS))


@settings(max_examples=80)
@given(
    layers=st.lists(st.tuples(st.none() | WORDS, NAMED), min_size=1, max_size=4),
    overrides=st.lists(st.tuples(st.sampled_from(("all", *PARAMETERS)), FORMS, WORDS), max_size=3),
)
def test_the_nearest_word_counts(layers, overrides):
    """To name parameters says on, but to what says `enabled: off` in a file below."""
    state = {name: ("bare", "on" if MECHANISMS[name]().enabled else "off") for name in NAMES}

    def say(name: str, form: str, word: str, beside_all: bool) -> str:
        kept = state[name][0] == "enabled" and not beside_all
        state[name] = (form, word) if form != "parameters" else state[name] if kept else ("bare", "on")
        return {"bare": word, "enabled": f"{{enabled: {word}}}", "parameters": f"{{{PARAMETERS[name]}}}"}[
            form
        ]

    texts, given_last = [], []
    for every, named in layers:
        keys = {name: say(name, form, word, every is not None) for name, (form, word) in named.items()}
        if every is not None:
            state |= {name: ("bare", every) for name in NAMES if name not in named}
            keys["all"] = every
        texts.append("mechanisms: {" + ", ".join(f"{name}: {value}" for name, value in keys.items()) + "}")
    for name, form, word in overrides:
        if name == "all":
            state, key, value = dict.fromkeys(NAMES, ("bare", word)), name, word
        else:
            key, value = name, say(name, form, word, False)
            if form != "bare":
                inner, value = value.strip("{}").split(": ")
                key = f"{name}.{inner}"
        given_last.append(f"mechanisms.{key}={value}")
    with TemporaryDirectory() as folder:
        found = scenario(Path(folder), *texts, set_=tuple(given_last))
    assert on(found) == {name for name, (_, word) in state.items() if word == "on"}


@pytest.mark.parametrize(
    ("override", "column", "text"),
    [
        ("mechanisms.all=maybe", 16, "mechanisms.all: expected on or off"),
        ("mechanisms.all=~", 16, "mechanisms.all: expected on or off"),
        ("mechanisms={fit: on, all: {fit: on}}", 27, "mechanisms.all: expected on or off"),
        ("mechanisms.all.fit=off", 16, "mechanisms.all: expected on or off"),
        (
            "mechanisms={all: off, fitt: on}",
            23,
            "unknown key 'fitt'; did you mean 'fit'? Known keys here: all, ",
        ),
        ("mechanisms={all: off, fit: maybe}", 28, "expected on, off, or a mapping"),
    ],
)
def test_what_is_no_switch_is_told_at_its_place(tmp_path, override, column, text):
    with pytest.raises(ScenarioError) as error:
        scenario(tmp_path, set_=(override,))
    assert f"--set:1:{column}: " in str(error.value) and text in str(error.value)
    with pytest.raises(ScenarioError, match=r"1.yaml:2:19: mechanisms.all: expected on or off"):
        scenario(tmp_path, "mechanisms: {all: maybe}")


# --- experiments ----------------------------------------------------------------------------------------------------


def causes_of(plan: Plan) -> dict[str, set[str]]:
    """The mechanisms that are on, by arm."""
    settings_of = {cell.arm.name: cell.task.settings for cell in plan.cells}
    file = plan.worlds[0].file
    return {arm: on(sim.load_scenario(file, settings=given)) for arm, given in settings_of.items()}


def test_an_arm_that_names_a_mechanism_wins_over_all_in_whatever_order_they_stand(tmp_path):
    text = TINY.replace("set: {", "set: {mechanisms.fit: on, mechanisms.all: off, ").replace(
        "lock_in: {key: mechanisms.lock_in.strength, base: 1.5, levels: [0, 3]}",
        "lock_in: {key: mechanisms.lock_in, levels: [on]}\n  every: {key: mechanisms.all, levels: [on]}",
    )
    text = text.replace("[one_at_a_time]", "[full]")
    found = causes_of(load(write(tmp_path, text)))
    assert found == {
        "base": {"fit"}, "fit=off": set(), "lock_in=on": {"fit", "lock_in"}, "every=on": {*NAMES},
        "fit=off, lock_in=on": {"lock_in"}, "fit=off, every=on": {*NAMES} - {"fit"},
        "lock_in=on, every=on": {*NAMES}, "fit=off, lock_in=on, every=on": {*NAMES} - {"fit"},
    }  # fmt: skip


def test_each_mechanism_is_a_factor_but_for_those_that_the_file_names(tmp_path):
    text = TINY.replace("fit: {switch: mechanisms.fit}", "causes: {switch: mechanisms.*}")
    plan = load(write(tmp_path, text))
    assert sorted(plan.factors) == sorted(NAMES)
    assert [arm.name for arm in plan.arms if arm.factor == "lock_in"] == ["lock_in=0", "lock_in=3"]
    assert [arm.changed for arm in plan.arms if arm.factor == "migration"] == [{"migration": "off"}]
    assert plan.file.factors["migration"].path == "mechanisms.migration"
