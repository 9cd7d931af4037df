"""LibYAML's events give the trees and the messages that PyYAML's own give; where they part, PyYAML is asked."""

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.config.nodes import Node, compose
from sim.config.problems import Problem, ScenarioError
from sim.config.quick_events import Unsure, quick_events
from sim.scenario.shipped import WORLDS

SHIPPED = {str(file.relative_to(WORLDS)): file.read_text("utf-8") for file in WORLDS.rglob("*.yaml")}
PARTED = [  # LibYAML reads each, PyYAML refuses it or counts its columns otherwise
    "a:\tb", "a: \t1", "a: 1 \t# why", "{a: 1,\tb: 2}", "{a: b?c}", "[a?b]", "a: >#why\n  b",
]  # fmt: skip
PIECES = st.sampled_from([
    *SHIPPED["one-frontier-model.yaml"].splitlines(True), *PARTED, *"ab1:-[]{},#|>'\"@`?~\\ \t\n",
    "&x ", "*x", "!t ", "? ", "%", "é", "\U0001f600", "\u2028", "\x85", "\ufeff", "\r\n", "...\n",
])  # fmt: skip


def composed(text: str) -> Node | list[Problem] | None:
    """The tree of a text that was not read before, or what is wrong with it."""
    try:
        return compose.__wrapped__(text, "a.yaml", 3, 7)
    except ScenarioError as error:
        return list(error.problems)


def of_pyyaml(text: str) -> Node | list[Problem] | None:
    """The same where PyYAML was built without LibYAML."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        return composed(text)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without LibYAML")
@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenarios_are_read_quickly_and_alike(name: str) -> None:
    assert len(list(quick_events(SHIPPED[name]))) > 5
    assert composed(SHIPPED[name]) == of_pyyaml(SHIPPED[name])


@pytest.mark.parametrize("text", PARTED)
def test_where_they_part_pyyaml_is_asked(text: str) -> None:
    with pytest.raises(Unsure):
        list(quick_events(text))
    assert composed(text) == of_pyyaml(text)


def test_without_libyaml_pyyaml_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    with pytest.raises(Unsure):
        list(quick_events("a: 1"))


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=12).map("".join))
@example("- &x {a: é, b: [1, 2]}\n- *x\n- 'c'\n")
@example("a: 1\nb: {a: 2, a: 3}\n")
@example("a: 1\n---\nb: 2\n")
def test_any_text_has_the_same_tree_or_the_same_problems(text: str) -> None:
    assert composed(text) == of_pyyaml(text)
