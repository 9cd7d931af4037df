"""How the command of a study ends: its page is written, or a message and a status; and how the page is made again."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.contract import files
from sim import ScenarioError
from testbed.failure import BAD_INPUT, DONE, FAILED, INTERRUPTED, BadInput, Failure

Fill = Callable[[str], str]
"""Makes the places of a page anew."""
Refused = tuple[type[Exception], ...]
"""What a study raises for bad input, besides what all raise."""


def write(program: str, out: Path, overwrite: bool, work: Callable[[], str], refused: Refused = ()) -> int:
    """Carry a study out and write its page as a whole; returns the status. overwrite: over what is not ours, too."""

    def carried_out() -> None:
        files.check_page(out, overwrite)
        files.write_page(out, work(), overwrite)

    return _ended(program, out, carried_out, refused)


def fill(
    program: str,
    page: Path,
    out: Path | None,
    overwrite: bool,
    work: Callable[[], Fill],
    refused: Refused = (),
) -> int:
    """Carry a study out and write its page; returns the status. page: the shipped one, whose text stays around its
    places; out: where to write another (default: the page itself), overwrite: over what is not ours, too."""
    if out is not None and out.resolve() != page:
        return write(program, out, overwrite, lambda: work()(page.read_text(encoding="utf-8")), refused)

    def carried_out() -> None:
        filled = work()
        files.write_text(page, filled(page.read_text(encoding="utf-8")))

    return _ended(program, page if out is None else out, carried_out, refused)


def _ended(program: str, target: Path, carried_out: Callable[[], None], refused: Refused) -> int:
    told: Refused = (Failure, ScenarioError, files.Foreign, *refused)
    try:
        carried_out()
    except KeyboardInterrupt:
        return INTERRUPTED  # the runner has said what is finished
    except told as error:
        print(f"{program}: {error}", file=sys.stderr)
        return FAILED if isinstance(error, Failure) and not isinstance(error, BadInput) else BAD_INPUT
    print(target)
    return DONE


def again(program: str, args: argparse.Namespace, usual: Mapping[str, Any], words: Sequence[str] = ()) -> str:
    """The command that makes a page again. usual: the options that change the page, by name, with the values that need
    not be said; words: those of the command that are no options."""
    said = list(words)
    for name, value in usual.items():
        given = getattr(args, name.replace("-", "_"))
        said += [] if given == value else [f"--{name}", str(given)]
    return " ".join([program, shlex.join(said)]).strip()
