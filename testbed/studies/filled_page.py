"""How the command of a study ends that fills places of a page: the page is written, or a message and a status."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from analysis.contract import files
from sim import ScenarioError
from testbed.failure import BAD_INPUT, DONE, FAILED, INTERRUPTED, BadInput, Failure

Fill = Callable[[str], str]
"""Makes the places of a page anew."""


def fill(
    program: str,
    page: Path,
    out: Path | None,
    overwrite: bool,
    work: Callable[[], Fill],
    refused: tuple[type[Exception], ...] = (),
) -> int:
    """Carry a study out and write its page; returns the status. page: the shipped one, whose text stays around its
    places; out: where to write another (default: the page itself), overwrite: over what is not ours, too; work: the
    study; refused: what else it raises for bad input."""
    own = out is None or out.resolve() == page
    target = page if out is None else out
    told: tuple[type[Exception], ...] = (Failure, ScenarioError, files.Foreign, *refused)
    try:
        if not own:
            files.check_page(target, overwrite)
        filled = work()
    except KeyboardInterrupt:
        return INTERRUPTED  # the runner has said what is finished
    except told as error:
        print(f"{program}: {error}", file=sys.stderr)
        return FAILED if isinstance(error, Failure) and not isinstance(error, BadInput) else BAD_INPUT
    text = filled(page.read_text(encoding="utf-8"))
    if own:
        files.write_text(target, text)
    else:
        files.write_page(target, text, overwrite)
    print(target)
    return DONE
