"""The page on behaviour: its tables are current, its arithmetic gives its values."""

from __future__ import annotations

import re

import pytest

from testbed.studies import behaviour
from testbed.studies.behaviour import PAGE, parameters

HEAD = "key,value,low,high,basis,evidence,source\n"
REFERENCE = re.compile(r"^- \*\*(.+?)\.\*\* ", re.MULTILINE)


def test_the_tables_follow_from_the_file():
    text = PAGE.read_text(encoding="utf-8")
    assert behaviour.with_tables(text) == text, (
        f"{PAGE.name} is out of date: python -m testbed.studies.behaviour"
    )


def test_the_arithmetic_comes_to_the_values():
    """To a tenth: values are rounded to what the evidence can bear."""
    rows = {parameter.key: parameter for parameter in parameters()}
    for conversion in behaviour.computed():
        assert rows[conversion.key].value == pytest.approx(conversion.result, rel=0.1), conversion.key


def test_a_value_that_rests_on_arithmetic_shows_it():
    shown = {conversion.key for conversion in behaviour.computed()}
    unshown = {parameter.key for parameter in parameters() if parameter.basis == "converted"} - shown
    assert unshown == {
        "search.noticeable_price_cut",
        "mechanisms.consideration.size",
    }  # taken over as they are


def test_each_source_is_a_reference_and_each_reference_a_source():
    cited = {source for parameter in parameters() for source in parameter.sources}
    assert cited == set(REFERENCE.findall(PAGE.read_text(encoding="utf-8")))
    assert [p.key for p in parameters() if p.basis != "assumed" and not p.sources] == []


def test_a_row_that_cannot_be_is_told_by_its_line(tmp_path):
    file = tmp_path / "behaviour.csv"
    for row, said in (("a,3,1,2,assumed,why,None", "3, 2$"), ("a,1,1,2,guessed,why,None", "'guessed'")):
        file.write_text(f"{HEAD}b,1,0,2,assumed,why,None\n{row}\n", encoding="utf-8")
        with pytest.raises(ValueError, match=rf"behaviour.csv:3: .*{said}"):
            parameters(file)
