"""Expressions of mappings: SQL over one row, and nothing that reaches beyond it."""

import duckdb
import pytest

from analysis.importing.mapped.expressions import FAILED, ExpressionError, expression


def value(text, **columns):
    """The text that an expression gives for a row of these columns."""
    found = expression(text)
    names = [f"t{number}" for number in range(len(found.columns))]
    row = ", ".join(f"CAST($v{number} AS VARCHAR) AS {name}" for number, name in enumerate(names))
    values = {f"v{number}": columns[column] for number, column in enumerate(found.columns)}
    query = f"SELECT {found.join(names)} FROM (SELECT {row or '1'})"
    return duckdb.connect().execute(query, values).fetchall()[0][0]


@pytest.mark.parametrize(
    ("text", "columns", "result"),
    [
        ("CAST(a AS BIGINT) + b::BIGINT", {"a": "2", "b": "3"}, "5"),
        ('"two words" || usage.name', {"two words": "x", "usage.name": "y"}, "xy"),
        ("CASE WHEN a = '1' THEN 'yes' ELSE nullif(a, '2') END", {"a": "2"}, None),
        ("strptime(a, '%d/%m/%Y %H:%M')", {"a": "25/12/2025 18:30"}, "2025-12-25 18:30:00"),
        ("round(a::DOUBLE * 1000) -- seconds", {"a": "1.5"}, "1500.0"),
        ("a IN ('x', 'y') AND a IS NOT NULL", {"a": "x"}, "true"),
        ("json_extract_string(a, '$.b[1]')", {"a": '{"b": [1, 2]}'}, "2"),
        ("trim(a)", {"a": "  "}, None),
    ],
)  # fmt: skip
def test_it_gives_the_value_of_a_row(text, columns, result):
    assert value(text, **columns) == result


def test_a_row_for_which_it_fails_is_told_from_one_without_a_value():
    assert value("CAST(a AS BIGINT) + 1", a="1.2.3") == f"{FAILED}1.2.3"
    assert value("CAST(a AS BIGINT) + 1", a=None) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("(SELECT 1)", "a subquery cannot be a part"),
        ("EXISTS (FROM rows)", "a subquery cannot be a part"),
        ("a FROM read_csv('/etc/passwd')", "no SQL expression"),
        ("1) FROM read_csv('/etc/passwd') --", "no SQL expression"),
        ("1); DROP TABLE rows; SELECT (2", "no SQL expression"),
        ("1; COPY rows TO 'elsewhere.csv'", "no SQL expression"),
        ("1) UNION (SELECT 2", ""),
        ("sum(a)", "'sum' is no function of one row"),
        ("row_number() OVER ()", "a window cannot be a part"),
        ("unnest([1, 2])", "'unnest' is no function of one row"),
        ("read_text('/etc/passwd')", "'read_text' is no function"),
        ("getenv('HOME')", "'getenv' is no function"),
        ("current_setting('secret_directory')", "'current_setting' is no function"),
        ("json_serialize_plan('FROM read_csv(''/etc/passwd'')')", "'json_serialize_plan' is no function"),
        ("write_log(a)", "'write_log' is no function"),
        ("sleep_ms(100000)", "'sleep_ms' is no function"),
        ("random()", "'random' is no function"),
        ("now()", "'now' is no function"),
        ("nextval('s')", "'nextval' is no function"),
        ("pg_catalog.lower(a)", "'lower' is no function"),
        ("COLUMNS('a')", "a star cannot be a part"),
        ("*", "a star cannot be a part"),
        ("$1", "a parameter cannot be a part"),
        ("list_filter([1], lambda y: y > 1)", "a lambda cannot be a part"),
        ("a + 1", 'write CAST("column" AS BIGINT)'),
        ("a +", "no SQL expression"),
        ("uper(a)", "did you mean 'upper'?"),
        ("a" * 5000, "at most 4,000"),
        ("", "no SQL expression"),
    ],
)  # fmt: skip
def test_what_is_no_value_of_one_row_is_refused(text, why):
    with pytest.raises(ExpressionError, match="^" if not why else None) as refused:
        expression(text)
    assert why in str(refused.value)


def test_the_engine_that_checks_reaches_no_file():
    from analysis.importing.mapped import expressions

    with pytest.raises(duckdb.Error, match="disabled"):
        expressions._asked("SELECT count(*) FROM read_csv('/etc/passwd')")
