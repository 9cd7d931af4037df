"""On and off in a scenario, for one cause or for all of them.

A word on its own, as in `mechanisms: {fit: off}`, is short for `enabled`: the parameters that an extended file gives
stay, so that a cause that is switched off differs in nothing else. `all` stands among the switches of a group, as in
`mechanisms: {all: off, fit: on}`, and is such a word for every one that is not named beside it. Both are written out
file by file, before a file is put on top of the one that it extends, so that the nearest word counts, whichever of the
two it is. To give a switch's parameters is a word, too: it says on, unless `enabled` stands among them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from sim.config.nodes import Entry, Mapping, Node, Scalar
from sim.config.problems import ScenarioError, problem_in

WORDS = {"on": True, "off": False, "true": True, "false": False, "yes": True, "no": False}
ALL, ENABLED = "all", "enabled"
Switches = dict[str, Collection[str]]
"""By the top key that holds them, the names of all switches."""
ALL_RULE = (
    "switches every mechanism and keeps its parameters, also where the scenario that this one extends names it. What "
    "is named beside it, or in a scenario that extends this one, wins: {all: off, fit: on} leaves fit as the only "
    "cause. To name parameters is to switch on, unless enabled: off stands among them"
)


def _read(value: Any) -> Any:
    if isinstance(value, str) and value.lower() in WORDS:
        return WORDS[value.lower()]
    if not isinstance(value, bool):
        raise ValueError("expected on or off (true and false, yes and no mean the same)")
    return value


Switch = Annotated[bool, BeforeValidator(_read), WithJsonSchema({"enum": [True, False, "on", "off"]})]
"""A bool that a scenario writes as on or off; the words are text in YAML 1.2."""


def is_switch(node: Node) -> bool:
    """Whether a node says on or off."""
    value = node.value if isinstance(node, Scalar) else None
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in WORDS)


@dataclass(frozen=True, slots=True)
class Bare(Scalar):
    """The `enabled` for which a word on its own stands, `all` or a switch beside it."""


def written_out(file: Mapping, sources: dict[str, list[str]], switches: Switches) -> Mapping:
    """One file's mapping, with each word on its own among switches written out, and each `all`."""
    for group, names in switches.items():
        entry = file.entries.get(group)
        if entry is None or not isinstance(entry.node, Mapping):
            continue
        every = entry.node.entries.get(ALL)
        if every is not None and not is_switch(every.node):
            raise ScenarioError(
                [problem_in(every.node.mark, sources, f"{group}.{ALL}", "expected on or off")]
            )
        written = _spread(entry.node, names) if every else _without_words(entry.node, names)
        file = replace(file, entries={**file.entries, group: Entry(entry.key, written)})
    return file


def _without_words(group: Mapping, names: Collection[str]) -> Mapping:
    """A file's group of switches with each switch that is a word on its own written out."""
    words = {name: entry for name, entry in group.entries.items() if name in names and is_switch(entry.node)}
    written = {name: Entry(entry.key, _switched(entry.node)) for name, entry in words.items()}
    return replace(group, entries={**group.entries, **written})


def _spread(group: Mapping, names: Collection[str]) -> Mapping:
    """A file's group of switches with its `all` written out. names: all switches of the group."""
    every = group.entries[ALL]
    entries = {name: Entry(every.key, _switched(every.node)) for name in names}
    for name, entry in group.entries.items():
        node = entry.node
        if is_switch(node):
            node = _switched(node)
        elif isinstance(node, Mapping) and ENABLED not in node.entries:
            on = Entry(node.mark, Scalar("on", node.mark))
            node = replace(node, entries={ENABLED: on, **node.entries})
        entries[name] = Entry(entry.key, node)
    del entries[ALL]
    return replace(group, entries=entries)


def _switched(switch: Node) -> Mapping:
    value = switch.value if isinstance(switch, Scalar) else None
    return Mapping({ENABLED: Entry(switch.mark, Bare(value, switch.mark))}, switch.mark)


def switched_on(entries: dict[str, Entry], given: dict[str, Entry]) -> dict[str, Entry]:
    """The keys of a switch on which those that are `given` are put: to name parameters is to switch on."""
    switch = entries.get(ENABLED)
    if switch is None or not isinstance(switch.node, Bare) or not given or ENABLED in given:
        return entries
    return {**entries, ENABLED: Entry(switch.key, Scalar("on", switch.node.mark))}
