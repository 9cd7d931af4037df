"""The events of YAML text that LibYAML reads as PyYAML does, in a tenth of the time.

The two differ in little: tabs, `?`, headers of block scalars and values that are missing. Text with such is left to
PyYAML, as is all that is wrong, so that a message and its place do not depend on which of them is installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

_STRANGE = re.compile(
    r"[^\n -~\xa1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"  # tabs, other line ends, ...
    r"|^%"  # a directive
    r"|(?:^|[\s,\[\]{}-])\?(?:\s|$)",  # the mark of a key of several lines
    re.MULTILINE,
)


class Unsure(Exception):
    """LibYAML is missing, or need not agree with PyYAML on this text."""


def quick_events(text: str) -> Iterator[yaml.Event]:
    """The events of a text, with the marks that PyYAML would give to scalars and to the starts of collections.

    Raises Unsure, yaml.YAMLError or another ValueError, perhaps after some events, where PyYAML should be asked.
    """
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None or _STRANGE.search(text):
        raise Unsure
    flow = 0
    for event in yaml.parse(text, Loader=loader):
        match event:
            case yaml.ScalarEvent(style="|" | ">"):
                raise Unsure
            case yaml.ScalarEvent(style="", value=value) if not value or (flow and "?" in value):
                raise Unsure
            case yaml.CollectionStartEvent() if flow or event.flow_style:
                flow += 1
            case yaml.CollectionEndEvent() if flow:
                flow -= 1
        yield event
