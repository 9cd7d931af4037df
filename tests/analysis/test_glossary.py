"""The glossary: one source for the README, the page and `slipper explain`."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import glossary
from testbed.cli import main
from tests.testbed.commands.test_cli import ROOT

WANTED = {
    "glass slipper", "fit", "lock-in", "backlog", "boomerang", "cohort", "spell", "foundational", "launch cohort",
    "retention", "home", "trial", "dominant launch", "no fit", "drift", "negative control", "false positive", "power",
    "observed", "complete", "embedded", "hardness", "margin",
}  # fmt: skip


def test_the_glossary_has_its_words_each_once_in_one_or_two_sentences():
    words = [entry.word for entry in glossary.ENTRIES]
    assert set(words) >= WANTED and len(set(words)) == len(words)
    for entry in glossary.ENTRIES:
        assert 30 < len(entry.meaning) < 260 and entry.meaning.endswith("."), entry.word
        assert entry.meaning.count(". ") <= 2, entry.word


def test_words_are_found_in_any_spelling():
    for spelling in ("lock-in", "lock in", "Lock_In", " LOCK-IN "):
        assert glossary.find(spelling).word == "lock-in"
    assert glossary.find("resurrection").word == "boomerang"
    assert glossary.find("frobnicate") is None
    assert glossary.nearest("glas sliper")[0] == "glass slipper"
    assert glossary.nearest("control") == ["negative control"]
    assert glossary.nearest("xyzzy") == []


@given(st.lists(st.sampled_from([entry.word for entry in glossary.ENTRIES] + ["the", "says", ",", "$x^2$"])))
def test_a_text_in_pieces_is_the_text_and_links_each_word_once(words):
    text = " ".join(words)
    pieces = glossary.split(text)
    assert "".join(piece for piece, _ in pieces) == text
    linked = [entry.word for _, entry in pieces if entry]
    assert len(set(linked)) == len(linked)


def test_the_longest_form_is_linked():
    linked = [
        (text, entry.word)
        for text, entry in glossary.split("Launch cohorts stay, later cohorts do not.")
        if entry
    ]
    assert linked == [("Launch cohorts", "launch cohort"), ("cohorts", "cohort")]


def test_explain_says_one_word_lists_all_and_names_the_nearest(capsys):
    assert main(["explain", "glass", "slipper"]) == 0
    assert "fits one foot" in capsys.readouterr().out
    assert main(["explain"]) == 0
    out = capsys.readouterr().out
    assert all(entry.word in out for entry in glossary.ENTRIES)
    assert max(map(len, out.splitlines())) <= 80
    assert main(["explain", "bakclog"]) == 2
    assert "did you mean 'backlog'?" in capsys.readouterr().err
    assert main(["explain", "xyzzy"]) == 2
    assert "slipper explain` lists" in capsys.readouterr().err
    assert main(["explain", "fit", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"fit": glossary.find("fit").meaning}


def test_the_readme_has_the_glossary_as_it_is():
    assert glossary.markdown() in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", glossary.ENTRIES, ids=lambda entry: entry.word)
def test_every_word_has_a_place_of_its_own_on_a_page(entry):
    assert sum(glossary.anchor(other) == glossary.anchor(entry) for other in glossary.ENTRIES) == 1
