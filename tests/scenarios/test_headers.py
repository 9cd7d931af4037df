"""What the headers of the shipped scenarios say is true of their worlds: models, files, commands, numbers, dates; and
the models that they point to have cohorts that can be judged."""

from __future__ import annotations

import re
import shlex

import numpy as np
import pytest

import sim
from analysis.study import SMALL_COHORT
from sim.activity import monthly
from sim.scenario.shipped import WORLDS, worlds
from testbed import arguments, cli
from tests.scenarios.test_scenarios import header

NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12}
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December"]  # fmt: skip
BRANDS = r"\b(?:Claude|GPT|Gemini|Llama|DeepSeek|Grok|Qwen|Mistral|Kimi|GLM)\b[^,;:()]*"
QUICK = [name for name, file in worlds().items() if "extends: report.yaml" not in file.read_text() and name != "report"
         and name != "whale"]  # fmt: skip
SLOW = sorted(set(worlds()) - set(QUICK))


def text_of(name: str) -> str:
    """The header as one line, without the marks of comments."""
    return " ".join(line.lstrip("# ") for line in header(worlds()[name]))


def wrong(name: str, text: str) -> list[str]:
    """What a header says and its world does not bear out."""
    world = sim.load_world(worlds()[name])
    scenario, listed = world.scenario, world.catalogue.models
    names, slugs = {m.facts.name for m in listed}, {m.slug for m in listed}
    found = [f"no model {said.strip()}" for said in re.findall(BRANDS, text)
             if not any(said.replace("'s", "").startswith(known) for known in names)]  # fmt: skip
    authors = {slug.partition("/")[0] for slug in slugs}
    for author, rest in re.findall(r"\b([a-z0-9-]+)/([a-z0-9.:-]*[a-z0-9])", text):
        if author in authors and f"{author}/{rest}" not in slugs:
            found.append(f"no model {author}/{rest}")
    folders = (WORLDS, WORLDS.parent, worlds()[name].parent, WORLDS / "nulls", WORLDS / "experiments")
    found += [f"no file {file}" for file in re.findall(r"[\w./-]+\.yaml", text)
              if not any((folder / file).is_file() for folder in folders)]  # fmt: skip
    for setting in re.findall(r"(?:--set |or )([a-z_]+\.[a-z_.]+=[^\s,;:)]+)", text):
        try:
            sim.load_world(worlds()[name], settings=[setting.rstrip(".")], users=10)
        except sim.ScenarioError as error:
            found.append(f"--set {setting}: {error}")
    for command in re.findall(r"`slipper ([^`]+)`", text):
        try:
            arguments.parse(cli.build_parser(), shlex.split(command))
        except arguments.UsageError as error:
            found.append(f"slipper {command}: {error}")
    found += [f"{number} users" for number in re.findall(r"\b(\d{2,3}(?:,\d{3})+) (?:users|hobbyists)", text)
              if int(number.replace(",", "")) != scenario.users]  # fmt: skip
    if scenario.catalogue.use == "none":
        counted = re.findall(rf"\b({'|'.join(NUMBERS)}) (?:equal )?models\b", text)
        found += [f"{word} models" for word in counted if NUMBERS[word] != len(listed)]
    days = set(re.findall(r"\d{4}-\d\d-\d\d", str(scenario.model_dump(mode="json", by_alias=True))))
    days |= {str(m.released) for m in listed}
    for day, month, year in re.findall(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)})(?: (\d{{4}}))?", text):
        ending = f"-{MONTHS.index(month) + 1:02}-{int(day):02}"
        if not any(one.endswith(ending) and one.startswith(year) for one in days):
            found.append(f"nothing happens on {day} {month} {year}")
    return found


@pytest.mark.parametrize("name", worlds())
def test_a_header_is_true_of_its_world(name):
    assert wrong(name, text_of(name)) == []


@pytest.mark.parametrize(
    "said",
    [
        "look at Claude Sonnet 9 there", "new/fronteer comes", "see one-fronteer.yaml", "--set mechanisms.fitt=off",
        "or mechanisms.fit=maybe", "`slipper verdickt x`", "30,000 users", "four models", "on 16 January 2025",
    ],
)  # fmt: skip
def test_what_is_not_true_is_found(said):
    assert len(wrong("one-frontier-model", said)) == 1, wrong("one-frontier-model", said)


def check_cohorts(name: str) -> None:
    """The models that a world is about have a launch cohort that can be judged, and a later one beside it."""
    world = sim.load_world(worlds()[name])
    activity = monthly(sim.run_agents(world))
    assert world.scenario.look_at
    for model in world.scenario.look_at:
        own = activity.model == activity.models.index(model)
        _, first = np.unique(activity.user[own], return_index=True)
        sizes = np.bincount(activity.month[own][first], minlength=len(activity.months)).tolist()
        at = activity.months.index(world.catalogue[model].released.replace(day=1))
        assert sizes[at] >= SMALL_COHORT, (model, sizes[at:])
        assert max(sizes[at + 1 :]) >= SMALL_COHORT, (model, sizes[at:])


@pytest.mark.parametrize("name", ["one-frontier-model", "price-cut", "nulls/base"])
def test_the_models_of_a_small_world_have_cohorts_to_look_at(name):
    check_cohorts(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_the_models_of_a_large_world_have_cohorts_to_look_at(name):
    check_cohorts(name)
