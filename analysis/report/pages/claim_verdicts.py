"""The claims' verdicts on the page: read from a run's verdicts.json, put beside the charts, also into a page that is
written already."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from analysis.report.result_files import PAGE, WITHHELD, has_table
from analysis.report.status import MARKS, WORDS, Status, status_of
from analysis.staging import Staging

FILE = "verdicts.json"
_BESIDE = re.compile(r"<!--verdicts ([\w ]+)-->.*?<!--/verdicts-->", re.DOTALL)
_BOARD = re.compile(r"<!--scoreboard-->.*?<!--/scoreboard-->", re.DOTALL)

OUTDATED = "These verdicts are of another version of the claims: <code>slipper check RUN</code> judges anew."

Claims = dict[str, Mapping[str, Any]]  # by claim id


def read(folder: Path) -> Claims | None:
    """The verdicts of a run folder by claim id; None without a readable verdicts.json."""
    try:
        return {str(claim["id"]): claim for claim in _content(folder)["claims"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_outdated(folder: Path, registry_digest: str) -> bool:
    """Whether the verdicts of a run folder are of another registry of claims, or do not say of which."""
    try:
        return bool(_content(folder).get("registry_digest") != registry_digest)
    except (OSError, ValueError, AttributeError):
        return False


def _content(folder: Path) -> Any:
    return json.loads((folder / FILE).read_text(encoding="utf-8"))


def into(page: str, claims: Claims | None, outdated: bool = False) -> str:
    """The page with the verdicts beside its charts and their totals under its head; without any, nothing of them.

    outdated: say that the verdicts are of another registry of claims.
    """
    beside = {claim_id for ids in _BESIDE.findall(page) for claim_id in ids.split()}
    page = _BESIDE.sub(lambda found: _mark(found[1], _of_chart(found[1].split(), claims)), page)
    return _BOARD.sub(
        lambda _: f"<!--scoreboard-->{_board(claims, beside, outdated)}<!--/scoreboard-->", page
    )


def keep(folder: Path, content: Any) -> None:
    """Write verdicts.json of a run folder, and put the verdicts into its report.html if it has one: both or neither. A
    page without small cells stays as it is: claims are measured on the whole log.

    Raises `analysis.contract.files.Foreign` if one of them is not ours.
    """
    page = folder / PAGE
    shows = page.is_file() and not has_table(folder, WITHHELD)
    with Staging(folder, [FILE, PAGE] if shows else [FILE]) as staged:
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        (staged.path / FILE).write_text(text, encoding="utf-8")
        if shows:
            shown = into(page.read_text(encoding="utf-8"), read(staged.path))
            (staged.path / PAGE).write_text(shown, encoding="utf-8")
        staged.publish()


def _mark(ids: str, text: str) -> str:
    return f"<!--verdicts {ids}-->{text}<!--/verdicts-->"


def _of_chart(ids: Iterable[str], claims: Claims | None) -> str:
    """The claims beside a chart; nothing where they are not judged: what they are is of no use without."""
    return "" if claims is None else f"<h4>Claims of the report</h4>{_beside(ids, claims)}"


def _beside(ids: Iterable[str], claims: Claims) -> str:
    return f'<ul class="verdicts">{"".join(_item(claim_id, claims.get(claim_id)) for claim_id in ids)}</ul>'


def _item(claim_id: str, claim: Mapping[str, Any] | None) -> str:
    if claim is None:
        return f"<li>{claim_id}: not judged</li>"
    status = status_of(claim.get("status"))
    weak = " (not settled)" if claim.get("weak") else ""
    role = f" <small>{_text(claim, 'role')}</small>" if claim.get("role") else ""
    numbers = [
        f"{name}: {_text(claim, key)}"
        for name, key in (("report", "reported"), ("here", "simulated"))
        if claim.get(key) and (key != "simulated" or status != "not_testable")
    ]
    said = f'<span class="numbers">{"; ".join(numbers)}</span>' if numbers else ""
    why = "".join(f"<p>{_text(claim, key)}</p>" for key in ("reason", "detail", "note") if claim.get(key))
    verdict = f"{MARKS[status]} {claim_id} {WORDS[status]}{weak}"
    return (
        f'<li class="{status}"><b>{verdict}</b>{role} {_text(claim, "statement")}'
        f"{said}{f'<details><summary>Why</summary>{why}</details>' if why else ''}</li>"
    )


def _text(claim: Mapping[str, Any], key: str) -> str:
    return html.escape(str(claim.get(key) or ""))


def _board(claims: Claims | None, beside: Set[str], outdated: bool) -> str:
    """Totals by role, and the claims that no chart of the page shows."""
    if not claims:
        return ""
    rows = []
    for role, title in (
        ("emergent", "Emergent claims"),
        ("input", "Input claims"),
        ("definition", "Definitions"),
    ):
        of_role = [claim for claim in claims.values() if claim.get("role") == role]
        counts = ", ".join(filter(None, (_count(of_role, status) for status in WORDS)))
        if counts:
            rows.append(f"<div><dt>{title}</dt><dd>{counts}</dd></div>")
    others = [claim_id for claim_id in claims if claim_id not in beside]
    listed = (
        f"<details><summary>{len(others)} claims that no chart here shows</summary>{_beside(others, claims)}</details>"
        if others
        else ""
    )
    note = f'<p class="note"><b>{OUTDATED}</b></p>' if outdated else ""
    return (
        f'{note}<dl class="facts scoreboard">{"".join(rows)}</dl>'
        f'<p class="note">An input claim that holds proves little: the world was given it.</p>{listed}'
    )


def _count(claims: Iterable[Mapping[str, Any]], status: Status) -> str:
    """How many claims have a status, and of them weakly: where the interval does not settle it."""
    mine = [claim for claim in claims if str(claim.get("status")) == status]
    weakly = sum(bool(claim.get("weak")) for claim in mine)
    return f"{len(mine)} {WORDS[status]}{f' ({weakly} of them weakly)' if weakly else ''}" if mine else ""
