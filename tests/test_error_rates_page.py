"""The page on error rates: what it states is what was measured."""

from __future__ import annotations

from analysis.inference.populations import Prior
from analysis.inference.size_study import COLUMNS, Setting
from testbed import error_rates

SMALL = Setting("small", Prior(), 5, 6, launch=60, later=40)


def test_the_page_states_the_rates_of_each_family():
    found = error_rates.study([SMALL], runs=4, seed=1)
    assert found == error_rates.study([SMALL], runs=4, seed=1)
    page = error_rates.document(found, 4, "the command")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(found[SMALL])
    family, rates = found[SMALL][1]
    assert f"| {family.name} | {100 * rates[COLUMNS[0]]:.1f} |" in page
    assert "`the command`" in page
    assert "held out" in page


def test_the_worst_rate_is_that_of_a_null_only():
    families = [family for family, _ in error_rates.study([SMALL], runs=1, seed=1)[SMALL]]
    rates = dict.fromkeys(COLUMNS, 0.0)
    rows = [(f, rates | {"verdict": 1.0 if f.loyal else 0.03 * (f.name == "seasons")}) for f in families]
    assert error_rates.worst({SMALL: rows})[:2] == (0.03, "seasons; small")


def test_a_page_is_written_where_asked(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(error_rates, "HELD_OUT", ())
    monkeypatch.setattr(error_rates, "REFERENCE", SMALL)
    out = tmp_path / "pages" / "rates.md"
    assert error_rates.main(["--runs", "2", "--out", str(out)]) == 0
    assert "--runs 2" in out.read_text()
    assert capsys.readouterr().out.strip() == str(out)
