"""Help fits a terminal of 80 columns, whatever its text is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.arguments import Parser
from testbed.cli import COMMANDS, main

NAMES = [command.__name__.rpartition(".")[2].removesuffix("_log") for command in COMMANDS]


@pytest.mark.parametrize("name", ["", *NAMES])
def test_no_line_of_a_help_is_wider_than_the_terminal(monkeypatch, capsys, name):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*name.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) > 5
    assert [line for line in out.splitlines() if len(line) > 80] == []


def test_a_list_keeps_its_columns_and_paragraphs_are_filled(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    text = (
        "A paragraph that is\nbroken early.\n\nfiles:\n  one.csv   " + "many words " * 8 + "\n  two.csv   few"
    )
    lines = Parser(prog="x", epilog=text).format_help().splitlines()
    assert "A paragraph that is broken early." in lines
    at = next(i for i, line in enumerate(lines) if line.startswith("  one.csv   many words"))
    assert lines[at + 1].startswith("            many words")
    assert lines[-1] == "  two.csv   few"


@given(st.lists(st.text("ab -", max_size=150), max_size=6))
def test_no_word_of_a_help_is_lost(lines):
    told = Parser(prog="x", epilog="\n".join(lines)).format_help()
    words = [word for line in lines for word in line.split()]
    assert told.split()[len(told.split()) - len(words) :] == words
