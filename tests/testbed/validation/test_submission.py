"""A user's file as it is read: what it is, what its head says, and what is said where it cannot be used."""

from __future__ import annotations

import re

import duckdb
import pytest

from testbed.failure import BadInput
from testbed.validation.columns import InputColumns, read_columns
from testbed.validation.dialects import likely_dialects, translate
from testbed.validation.submission import read_submission
from testbed.validation.worlds import battery

QUERY = (
    "-- question: top_models\n/* model: acme/one */\n\nSELECT model, count(*) FROM generations GROUP BY 1\n"
)
AS_CONTRACT = InputColumns()
FUNCTION = '"""question: top_models"""\n\n\ndef top_models(generations):\n    return generations\n'


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(name, text):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return write


def test_a_query_says_its_question_and_model_at_its_head(file):
    found = read_submission(file("q.sql", QUERY))
    assert (found.kind, found.question, found.model) == ("query", "top_models", "acme/one")
    assert found.place("model") == "q.sql:2" and found.dialects[0] == "duckdb"


@pytest.mark.parametrize(("text", "kind", "function"), [
    (FUNCTION, "function", "top_models"),
    ("# question: top_models\nimport sys\nprint(sys.argv[1])\n", "script", ""),
    ("# In[1]:\nx = 1\ndef f(generations):\n    return 1\n# f(log).plot()\n", "function", "f"),
    ("# In[1]:\nx = 1\ndef f(x):\n    return 1\n", "script", ""),
    ("def part(rows):\n    return 1\n\n\ndef whole(generations):\n    return part(generations)\n", "function", "whole"),
    ("def f(folder):\n    return 1\n\n\nif __name__ == '__main__':\n    print(f(1))\n", "script", ""),
    ("def f(labels):\n    return 1\n\n\nif __name__ == '__main__':\n    print(f(1))\n", "function", "f"),
    ("def g(generations):\n    '''\n    question: top_models\n    model: a/b\n    '''\n", "function", "g"),
])  # fmt: skip
def test_python_is_a_function_or_a_script(file, text, kind, function):
    found = read_submission(file("a.py", text))
    assert (found.kind, found.function) == (kind, function)
    assert found.question == ("top_models" if "top_models" in text else None)


def test_one_of_several_functions_is_chosen(file):
    name = file("a.py", "def one(generations):\n    pass\n\n\ndef two(generations):\n    pass\n")
    assert (
        read_submission(name, function="two").function
        == read_submission(name, question="two").function
        == "two"
    )
    with pytest.raises(BadInput, match=r"a.py: which function is to be asked\? --function one or two"):
        read_submission(name)
    with pytest.raises(BadInput, match=r"no function 'tow' .*did you mean 'two'"):
        read_submission(name, function="tow")


@pytest.mark.parametrize(("name", "text", "said"), [
    ("a.sql", "", r"a\.sql:1: the file is empty"),
    ("a.sql", b"SELECT\n'\xff'", r"a\.sql:2: this file is not text in UTF-8"),
    ("a.R", "x", r"a\.R: expected a query \(\.sql\) or Python \(\.py\)"),
    ("a.ipynb", "{}", "jupyter nbconvert --to script"),
    ("a.py", "def f(:\n", r"a\.py:1:7: not Python: .*def f\("),
    ("a.py", "x = '\0'\n", "null bytes"),
    ("a.sql", "-- model: gpt\nSELECT 1", r"a\.sql:1: model 'gpt' is none; expected author/slug"),
    ("a.sql", "-- question: a\n-- question: b\nSELECT 1", r"a\.sql:2: says question 'b', line 1 says 'a'"),
    ("a.sql", "-- dialect: bigqery\nSELECT 1", r"a\.sql:1: no dialect 'bigqery'; did you mean 'bigquery'"),
    ("a.sql", "-- dialect: postgres\nSELECT 1,\nFROM (", r"a\.sql:3:\d+: not a query of postgres: "),
    ("a.sql", b"x" * 1_000_001, "1,000,001 bytes; expected code"),
])  # fmt: skip
def test_what_cannot_be_used_is_told_with_its_place(file, name, text, said):
    with pytest.raises(BadInput, match=said):
        read_submission(file(name, text))


def test_a_missing_file_is_told_with_its_likely_name(file):
    file("query.sql", QUERY)
    with pytest.raises(BadInput, match=r"qery\.sql: no such file; did you mean 'query\.sql'\?"):
        read_submission("qery.sql")


@pytest.mark.parametrize(("text", "dialect"), [
    ("SELECT DATE_TRUNC(DATE(created_at), MONTH) FROM `p.d.generations`", "bigquery"),
    ("SELECT toStartOfMonth(created_at), uniqExact(user_id) FROM generations", "clickhouse"),
    ("SELECT multiIf(byok, 1, 0), toTimeZone(created_at, 'UTC') FROM generations", "clickhouse"),
    ("SELECT k FROM generations CROSS APPLY (SELECT 1 AS k) x", "tsql"),
    ("SELECT CONVERT_TZ(created_at, 'UTC', 'UTC') FROM generations", "mysql"),
    ("SELECT CONVERT_TIMEZONE('UTC', created_at), IFF(byok, 1, 0) FROM generations", "snowflake"),
    ("SELECT date_format(created_at, 'yyyy-MM') FROM generations LATERAL VIEW explode(a)", "spark"),
    ("SELECT count(*) FILTER (WHERE byok) FROM generations", "duckdb"),
])  # fmt: skip
def test_a_dialect_is_guessed_by_its_spellings(text, dialect):
    assert likely_dialects(text)[0] == dialect


def answer(text, dialect, columns=AS_CONTRACT):
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, table in columns.renamed(battery()["two weeks"].tables.named).items():
            connection.register(name, table)
        return connection.execute(translate(text, dialect, columns).text).fetchall()


@pytest.mark.parametrize(("expression", "dialect", "whole"), [
    ("sum(tokens_prompt) / 7", "postgres", True),
    ("sum(tokens_prompt) / 7", "trino", True),
    ("sum(tokens_prompt) / 7", "duckdb", False),
    ("sum(tokens_prompt) / 7", "bigquery", False),
    ("1.0 * sum(tokens_prompt) / 7", "postgres", False),
    ("sum(n) / 7", "postgres", False),  # a sum of bigint is numeric
    ("max(n) / 7", "postgres", True),
    ("max(n) / 2 / 7", "postgres", True),
])  # fmt: skip
def test_whole_numbers_divide_as_their_dialect_divides_them(expression, dialect, whole):
    rows = "(SELECT tokens_prompt, count(*) AS n FROM generations GROUP BY 1) AS counted"
    ((value,),) = answer(f"SELECT {expression} FROM {rows}", dialect)
    assert (value == int(value)) is whole


def test_paths_of_tables_are_read_as_tables():
    found = translate("SELECT * FROM `p.d.generations`", "bigquery", AS_CONTRACT)
    assert found.notes == ("`p.d.generations` is read as generations",) and not found.zoned
    assert len(answer("SELECT model FROM `p.d.generations`", "bigquery")) == 6
    assert translate("SELECT a FROM t", "duckdb", AS_CONTRACT).text == "SELECT a FROM t"


def test_names_of_the_users_own(file):
    named = read_columns(
        file("m.yaml", "generations:\n  table: calls\n  user_id: who\ncreated_at: ts\nmodel: llm\n")
    )
    tables = named.renamed(battery()["two weeks"].tables.named)
    assert (
        list(tables) == ["calls", "labels", "models", "taxonomy"] and "llm" in tables["models"].column_names
    )
    assert {"who", "ts", "llm"} <= set(tables["calls"].column_names)
    assert answer(
        "SELECT count(DISTINCT who) / 2 FROM x.calls WHERE tokens_prompt > 0", "postgres", named
    ) == [(1,)]


@pytest.mark.parametrize(("text", "said"), [
    ("generations:\n  user: x\n", r"m\.yaml:2:3: generations\.user: no column of generations; did you mean 'user_id'"),
    ("generatoins:\n  user_id: x\n", r"m\.yaml:1:1: generatoins: .*did you mean 'generations'"),
    ("user_id: [a]\n", r"m\.yaml:1:10: user_id: expected a name"),
    ("generations: calls\n", r"m\.yaml:1:14: generations: expected a mapping .*table: calls"),
    ("user_id: account_id\n", "two of the columns of generations would be called 'account_id'"),
    ("labels: {table: models}\n", "two of the tables would be called 'models'"),
    ("a: [", r"m\.yaml:1"),
])  # fmt: skip
def test_names_that_cannot_be_used_are_told_with_their_place(file, text, said):
    with pytest.raises(BadInput) as error:
        read_columns(file("m.yaml", text))
    assert re.search(said, str(error.value))
