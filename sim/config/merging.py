"""One mapping on top of another.

- Mappings merge key by key; lists and scalars replace what they extend.
- `~` (or `null`) removes an inherited key; where nothing is inherited it is an ordinary null.
- Some mappings are one value and replace whole: a distribution of another family, a timeline of dates, and what stands
  in the place of one.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from sim.config.nodes import Entry, Mapping, Node, Scalar
from sim.config.switches import switched_on

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def merge(base: Node, over: Node, alternatives: Collection[str]) -> Node:
    """`over` on top of `base`. alternatives: keys of which a mapping has only one (a distribution's family)."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping) or replaces(base, over, alternatives):
        return over
    return merge_keys(base, over, alternatives)


def merge_keys(base: Mapping, over: Mapping, alternatives: Collection[str]) -> Mapping:
    """`over` on top of `base`, key by key."""
    entries, removed = dict(switched_on(base.entries, over.entries)), dict(base.removed)
    for key, entry in over.entries.items():
        if key in entries and is_null(entry.node):
            del entries[key]
            removed[key] = entry.node.mark
            continue
        removed.pop(key, None)
        entries[key] = (
            Entry(entry.key, merge(entries[key].node, entry.node, alternatives)) if key in entries else entry
        )
    return Mapping(entries, over.mark, removed)


def replaces(base: Mapping, over: Mapping, alternatives: Collection[str]) -> bool:
    """Whether `over` is one value that must not mix with the keys of `base`."""
    before, after = _only_key(base, alternatives), _only_key(over, alternatives)
    one_value = is_timeline(over) or is_timeline(base)
    return one_value or (before != after and None not in (before, after))


def is_null(node: Node) -> bool:
    """Whether a node is `~`."""
    return isinstance(node, Scalar) and node.value is None


def is_timeline(node: Mapping) -> bool:
    """Whether all keys are dates."""
    return bool(node.entries) and all(DATE.fullmatch(key) for key in node.entries)


def _only_key(node: Mapping, alternatives: Collection[str]) -> str | None:
    keys = list(node.entries)
    return keys[0] if len(keys) == 1 and keys[0] in alternatives else None
