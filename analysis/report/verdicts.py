"""The claims' verdicts on the page: read from a run's verdicts.json, put beside the charts, also into a page that is
written already."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

FILE = "verdicts.json"
WORDS = {"holds": "holds", "fails": "fails", "not_testable": "not testable"}
MARKS = {"holds": "✓", "fails": "✗", "not_testable": "–"}
_BESIDE = re.compile(r"<!--verdicts ([\w ]+)-->.*?<!--/verdicts-->", re.DOTALL)
_BOARD = re.compile(r"<!--scoreboard-->.*?<!--/scoreboard-->", re.DOTALL)

Claims = dict[str, Mapping[str, Any]]  # by claim id


def read(folder: Path) -> Claims | None:
    """The verdicts of a run folder by claim id; None without a readable verdicts.json."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {str(claim["id"]): claim for claim in content["claims"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def into(page: str, claims: Claims | None) -> str:
    """The page with the verdicts beside its charts and their totals under its head; without any, how to get them."""
    page = _BESIDE.sub(lambda found: _mark(found[1], _beside(found[1].split(), claims)), page)
    return _BOARD.sub(lambda _: f"<!--scoreboard-->{_board(claims)}<!--/scoreboard-->", page)


def refresh(folder: Path) -> bool:
    """Put the verdicts of a run folder into its report.html, if it has one; says whether it had."""
    page = folder / "report.html"
    if not page.is_file():
        return False
    text = into(page.read_text(encoding="utf-8"), read(folder))
    aside = page.with_name(".report.html-new")
    aside.write_text(text, encoding="utf-8")
    aside.replace(page)
    return True


def _mark(ids: str, text: str) -> str:
    return f"<!--verdicts {ids}-->{text}<!--/verdicts-->"


def _beside(ids: Iterable[str], claims: Claims | None) -> str:
    if claims is None:
        return f"<p>{', '.join(ids)}. Not judged yet: <code>slipper check</code> writes the verdicts here.</p>"
    items = "".join(_item(claim_id, claims.get(claim_id)) for claim_id in ids)
    return f'<ul class="verdicts">{items}</ul>'


def _item(claim_id: str, claim: Mapping[str, Any] | None) -> str:
    if claim is None:
        return f"<li>{claim_id}: not judged</li>"
    status = str(claim.get("status", "not_testable"))
    numbers = [f"{name} {claim[key]}" for name, key in (("report:", "reported"), ("here:", "simulated")) if claim.get(key)]
    said = html.escape("; ".join(numbers))
    reason = html.escape(str(claim.get("reason") or ""))
    statement = html.escape(str(claim.get("statement") or ""))
    detail = f'<span class="numbers">{said or reason}</span>' if said or reason else ""
    return (
        f'<li class="{status}" title="{reason}"><b>{MARKS.get(status, "–")} {claim_id} {WORDS.get(status, status)}</b>'
        f" {statement}{detail}</li>"
    )


def _board(claims: Claims | None) -> str:
    if not claims:
        return ""
    rows = []
    for role, title in (("emergent", "Emergent claims"), ("input", "Claims that are inputs of the simulation")):
        of_role = [str(c.get("status")) for c in claims.values() if c.get("role") == role]
        if of_role:
            counts = ", ".join(f"{of_role.count(status)} {WORDS[status]}" for status in WORDS if status in of_role)
            rows.append(f"<div><dt>{title}</dt><dd>{counts}</dd></div>")
    if not rows:
        return ""
    note = "<p class=\"note\">An input claim that holds proves little: it was put in.</p>"
    return f'<dl class="facts scoreboard">{"".join(rows)}</dl>{note}'
