"""The Python of the README runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def test_the_example_runs_and_prints_retention_and_sql(capsys, tmp_path, monkeypatch):
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.S)
    assert block.count("seed=1)") == 1
    monkeypatch.chdir(README.parent)
    exec(block.replace("seed=1)", f"seed=1, users=1200, out={str(tmp_path)!r})"), {})
    out = capsys.readouterr().out
    assert "2025-05-01  1.0" in out
    assert re.search(r"SELECT.*GROUP BY", out, flags=re.S)


def test_every_file_that_it_links_is_there():
    text = README.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert len(links) > 6
    assert [link for link in links if not (README.parent / link).exists()] == []


def test_every_command_is_named():
    from testbed.cli import COMMANDS

    text = README.read_text(encoding="utf-8")
    assert [
        c.__name__
        for c in COMMANDS
        if f"slipper {c.__name__.rpartition('.')[2].removesuffix('_log')}" not in text
    ] == []
