"""What user code may do and be given, and what is said of code that crashes, hangs, floods or gives no table."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import time
from pathlib import Path

import pandas as pd
import pytest

from testbed.failure import Failure
from testbed.validation.columns import InputColumns
from testbed.validation.compare import compare
from testbed.validation.questions import questions
from testbed.validation.sandbox import Limits, Sandbox, reply
from testbed.validation.submission import read_submission

COUNT = "SELECT model, count(*) AS n FROM generations GROUP BY model ORDER BY model"
RIGHT = [("acme/closed", 2), ("ghost/new", 1), ("han/open", 2), ("rho/open", 1)]
PANDAS = "generations.groupby('model').size().reset_index(name='n').sort_values('model')"
NEEDS = {"polars": importlib.util.find_spec("polars") is not None}


def rows(outcome):
    assert outcome.table is not None, outcome
    return list(outcome.table.itertuples(index=False, name=None))


@pytest.mark.parametrize("head", [
    "import pandas as pd\n\n\ndef f(generations: pd.DataFrame) -> pd.DataFrame:\n",
    "def f(generations):\n",
    "def f(log):\n    generations = log\n",
    "from __future__ import annotations\nimport pandas as pd\n\n\ndef f(generations: pd.DataFrame):\n",
    "def f(generations, labels, models, taxonomy, model=None, other=3):\n    assert len(labels) == 8 and other == 3\n",
    "def f(tables: dict):\n    generations = tables['generations']\n",
    "import pyarrow as pa\n\n\ndef f(generations: pa.Table):\n    generations = generations.to_pandas()\n",
    "import duckdb\n\n\ndef f(generations: duckdb.DuckDBPyRelation):\n    generations = generations.df()\n",
    "def f(con):\n    generations = con.sql('FROM generations').df()\n",
    "import duckdb\n\n\ndef f(generations):\n    duckdb.sql('FROM generations JOIN models USING (model)').df()\n"
    "    generations = duckdb.sql('FROM generations').df()\n",
    "from pathlib import Path\nimport pandas as pd\n\n\ndef f(run: Path):\n"
    "    generations = pd.read_parquet(run / 'log')\n    assert len(pd.read_parquet(run / 'labels')) == 8\n"
    "    assert len(list((run / 'log').glob('week=*'))) == 2 and (run / 'models.parquet').exists()\n",
    pytest.param("import polars as pl\n\n\ndef f(generations: pl.LazyFrame):\n"
                 "    generations = generations.collect().to_pandas()\n",
                 marks=pytest.mark.skipif(not NEEDS["polars"], reason="polars is not installed")),
], ids=lambda head: re.sub(r"\W+", " ", head)[:60])  # fmt: skip
def test_a_function_gets_the_log_as_it_asks_for_it(ran, head):
    assert rows(ran("a.py", f"{head}    return {PANDAS}\n", function="f")) == RIGHT


@pytest.mark.parametrize("back", [
    PANDAS,
    f"{PANDAS}.to_dict('records')",
    f"{PANDAS}.to_dict('list')",
    "generations.groupby('model').size().rename('n')",
    f"__import__('pyarrow').Table.from_pandas({PANDAS}, preserve_index=False)",
    f"__import__('duckdb').sql({COUNT!r})",
    pytest.param(f"__import__('polars').from_pandas({PANDAS}).lazy()",
                 marks=pytest.mark.skipif(not NEEDS["polars"], reason="polars is not installed")),
])  # fmt: skip
def test_a_table_comes_back_as_any_library_has_it(ran, back):
    assert (
        rows(ran("a.py", f"import duckdb\ndef f(generations):\n    return {back}\n", function="f")) == RIGHT
    )


@pytest.mark.parametrize("text", [
    "import duckdb, sys\nt = duckdb.sql(f\"" + COUNT.replace("generations", "'{sys.argv[1]}/log/*/*.parquet'")
    + "\").df()\nprint('reading', sys.argv[0])\nprint(t.to_csv(index=False))\n",
    "# In[1]:\nimport sys\nget_ipython().run_line_magic('matplotlib', 'inline')\nimport pandas as pd\n"
    "generations = pd.read_parquet(sys.argv[1] + '/log')\n# In[2]:\n" + f"print({PANDAS}.to_csv())\nsys.exit(0)\n",
])  # fmt: skip
def test_a_script_reads_a_run_folder_and_prints_csv(ran, text):
    outcome = ran("a.py", text)
    assert [tuple(row)[-2:] for row in rows(outcome)] == RIGHT


def test_an_answer_can_be_compared(ran, world):
    for name in ("top_models", "effective_cost", "weekly_openness"):
        question = questions()[name]
        for language, file in (("sql", "a.sql"), ("python", "a.py")):
            outcome = ran(file, question.example(language), zone="Asia/Kolkata")
            assert compare(question, question.answer(world), outcome.table).right, (name, language, outcome)


def test_types_cross_as_they_are(ran):
    text = """SELECT 'a' AS text, 1 AS whole, 0.5::DOUBLE AS number, 1.25::DECIMAL(9, 2) AS money, true AS flag,
        DATE '2025-01-02' AS day, TIMESTAMP '2025-01-02 03:04:05' AS moment, NULL AS nothing, [1, 2] AS several,
        TIMESTAMPTZ '2025-01-02 00:00:00+00' AS instant, 'nan'::DOUBLE AS nan"""
    outcome = ran("a.sql", text, zone="Asia/Kolkata")
    (row,) = outcome.table.to_dict("records")
    assert (row["text"], row["whole"], row["number"], row["money"], row["flag"]) == ("a", 1, 0.5, 1.25, True)
    assert row["day"] == pd.Timestamp("2025-01-02") and row["moment"] == pd.Timestamp("2025-01-02 03:04:05")
    assert row["instant"] == pd.Timestamp("2025-01-02", tz="UTC") and row["nothing"] is None
    assert outcome.kinds["money"] == "DECIMAL(9,2)" and outcome.kinds["instant"] == "TIMESTAMP WITH TIME ZONE"
    assert "nan: 1 of 1 values are missing or NaN" in outcome.notes and row["several"] == "[1 2]"


def test_the_zone_of_the_session_is_that_of_the_run(ran):
    day = "SELECT min(created_at)::DATE::VARCHAR AS day FROM generations"
    python = (
        "import datetime as dt\ndef f(generations):\n    first = generations.created_at.min().timestamp()\n"
    )
    python += "    return [{'day': str(dt.datetime.fromtimestamp(first).date())}]\n"
    session = f"import duckdb\ndef f(run):\n    return duckdb.connect().sql({day!r}.replace('generations', "
    session += "f\"'{run}/log/*/*.parquet'\"))\n"
    script = f"import duckdb, sys\nprint(duckdb.sql({day!r}.replace('generations', "
    script += "f\"'{sys.argv[1]}/log/*/*.parquet'\")).df().to_csv(index=False))\n"
    for file, text in (("a.sql", day), ("a.py", python), ("b.py", session), ("c.py", script)):
        assert rows(ran(file, text, zone="America/Los_Angeles")) == [("2025-06-01",)]
        assert rows(ran(file, text)) == [("2025-06-02",)]
    assert rows(ran("a.sql", f"SET TimeZone = 'UTC'; {day}", zone="America/Los_Angeles")) == [("2025-06-02",)]
    bigquery = (
        "-- dialect: bigquery\nSELECT CAST(DATE(MIN(created_at)) AS STRING) AS day FROM `p.d.generations`"
    )
    assert rows(ran("a.sql", bigquery, zone="America/Los_Angeles")) == [("2025-06-02",)]


def test_each_run_has_the_session_for_itself_and_its_own_limit_of_memory(ran):
    held = "-- dialect: duckdb\nCREATE TABLE mine AS SELECT 1 AS n; SELECT current_setting('memory_limit') AS held"
    for megabytes, told in ((700, "667.5 MiB"), (800, "762.9 MiB")):
        assert rows(ran("a.sql", held, memory_mb=megabytes)) == [(told,)]
    assert "mine does not exist" in ran("a.sql", "-- dialect: duckdb\nSELECT n FROM mine").reason


def test_a_query_is_read_in_the_first_dialect_in_which_it_runs(ran, warm):
    text = "SELECT to_char(created_at, 'YYYY') AS year, count(*) / 4 AS n FROM public.generations GROUP BY 1"
    assert rows(ran("a.sql", text)) == [("2025", 1)]
    assert warm.open(read_submission("a.sql")).notes == (
        "read as SQL of postgres; --dialect names another",
        "public.generations is read as generations",
    )


def test_what_is_not_translated_is_one_line_in_place_of_the_engines(ran):
    outcome = ran(
        "a.sql",
        "-- dialect: clickhouse\nSELECT model,\n  runningDifference(tokens_prompt) AS x FROM generations",
    )
    assert (outcome.failure, outcome.reason) == (
        "error",
        "a.sql:3: runningDifference of clickhouse is not translated; write x - lag(x) OVER (ORDER BY ...)",
    )


def test_names_of_the_users_own_are_those_that_its_code_sees(ran):
    own = InputColumns({"generations": "calls"}, {"generations": {"model": "llm"}})
    text = COUNT.replace("generations", "calls").replace("model", "llm")
    assert rows(ran("a.sql", text, columns=own)) == RIGHT
    assert rows(ran("a.py", "def f(calls):\n    return calls.groupby('llm').size()\n", columns=own))


ENDLESS = "while True: pass"
QUICK = {"seconds": 0.4}


@pytest.mark.parametrize(("code", "failure", "said", "limits"), [
    ("1 / 0", "error", r"a\.py:2: ZeroDivisionError: division by zero$", {}),
    ("generations['modle']", "error", r"a\.py:2: KeyError: 'modle'", {}),
    ("import requests_", "error", r"No module named 'requests_'; the file runs alone", {}),
    ("import sim.world", "error", r"No module named 'sim'; the sandbox keeps the project out", {}),
    ("open('/etc/passwd')", "error", r"a\.py:2: PermissionError.*sandbox", {}),
    (ENDLESS, "time", r"not done after 0\.4 seconds of work", QUICK),
    ("import time; time.sleep(60)", "time", r"or 1\.2 by the clock", QUICK),
    ("import signal; signal.pthread_sigmask(0, range(1, 65))\n    " + ENDLESS, "time", "not done", QUICK),
    ("x = bytearray(600 << 20)", "memory", r"a\.py:2: out of memory", {"memory_mb": 256}),
    ("import mmap; m = mmap.mmap(-1, 900 << 20); m.write(bytes(100 << 20) * 9)", "memory", "memory",
     {"memory_mb": 100}),
    ("import os; os.abort()", "crash", r"it crashed \(SIGABRT\)", {}),
    ("import ctypes; ctypes.string_at(0)", "crash", r"it crashed \(SIGSEGV\)", {}),
    ("import sys; sys.setrecursionlimit(10**8); f = lambda: f(); f()", "time|memory|crash", "", QUICK),
    ("import sys; sys.exit(3)", "exit", r"a\.py:2: it called sys\.exit\(3\) instead of giving an answer", {}),
    ("import os; os._exit(0)", "exit", "ended its process with status 0", {}),
    ("print('x' * 100_000)", "output", "printed more than 64 KB", {"printed_kb": 64}),
    ("while True: print('x' * 1000)", "output", "printed more than 64 KB", {"printed_kb": 64}),
    ("import threading, time\n    for _ in range(99): threading.Thread(target=time.sleep, args=[9]).start()\n"
     "    time.sleep(9)", "threads", "started more than 20 threads", {"threads": 20}),
    ("import os\n    for i in range(99): os.write(os.open(str(i), 65), bytes(1 << 20))\n    import time; time.sleep(9)",
     "disk", "wrote more than 4 MB", {"disk_mb": 4}),
    ("open('x', 'wb').write(bytes(9 << 20))", "error", "File too large", {"disk_mb": 4}),
    ("return None", "answer", r"nothing came back \(None\)", {}),
    ("return (row for row in [])", "answer", "a generator came back", {}),
    ("return 7", "answer", "a value of type int came back; expected a table", {}),
    ("return generations.iloc[:0].__class__", "answer", "came back; expected a table", {}),
    ("return generations.loc[generations.index.repeat(9)]", "answer", "54 rows and 26 columns.*at most 20",
     {"rows": 20}),
    ("class E(Exception):\n        def __str__(self): raise self\n    raise E", "error", r"a\.py:\d+: E", {}),
    ("import os; os.write(3, b'{\"columns\": 3'); os._exit(0)", "answer", "what came back is no answer", {}),
    ("import os; os.write(3, b'[' * 9_000_000); os._exit(0)", "answer|output", "", {}),
])  # fmt: skip
def test_each_failure_is_a_line_and_the_next_run_goes_on(ran, code, failure, said, limits):
    began = time.monotonic()
    outcome = ran("a.py", f"def f(generations):\n    {code}\n", function="f", **limits)
    assert outcome.table is None and re.fullmatch(failure, outcome.failure), outcome
    assert re.search(said, outcome.reason) and "\n" not in outcome.reason, outcome
    assert time.monotonic() - began < 60
    assert rows(ran("a.sql", COUNT)) == RIGHT


@pytest.mark.parametrize(("text", "failure", "said"), [
    ("SELEC 1", "error", "syntax error"),
    ("SELECT modle FROM generations", "error", 'column "modle" not found'),
    ("SELECT * FROM usage", "error", "Table with name usage does not exist"),
    ("CREATE TABLE t AS SELECT 1", None, ""),
    ("-- nothing but a comment", "answer", "its last statement must be a SELECT"),
    ("SELECT count(*) AS n FROM range(100000000000) a, range(1000000) b", "time", "not done after"),
    ("SELECT string_agg(repeat('x', 1000000), '') AS n FROM range(3000)", "memory", "out of memory"),
])  # fmt: skip
def test_a_query_that_fails_says_why(ran, text, failure, said):
    outcome = ran("a.sql", f"-- dialect: duckdb\n{text}", seconds=1.0, memory_mb=400)
    assert outcome.failure == failure and said in outcome.reason, outcome


def test_a_script_that_prints_no_table_is_told_how(ran):
    for text in (
        "import sys",
        "import sys\nimport pandas as pd\nprint(pd.DataFrame({'a': [1, 2], 'b': [3, 4]}))",
    ):
        outcome = ran("a.py", text)
        assert outcome.failure == "answer" and "print(table.to_csv(index=False))" in outcome.reason


def test_nothing_is_left_from_one_run_to_the_next(ran):
    text = "import os, pandas\n\n\ndef f(generations):\n    seen = os.listdir(), getattr(pandas, 'mine', 0)\n"
    text += (
        "    open('x', 'w'); pandas.mine = 1\n    try: open('../x', 'w')\n    except OSError: seen += (1,)\n"
    )
    text += "    return [{'seen': str(seen)}]\n"
    assert rows(ran("a.py", text)) == rows(ran("a.py", text)) == [("([], 0, 1)",)]


def test_the_warm_process_has_no_thread_that_a_fork_would_miss(warm):
    warm.missing  # noqa: B018  # waits until it is ready
    tasks = Path(f"/proc/{warm._warm.process.pid}/task")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir()]
    assert [name for name in names if name != "jemalloc_bg_thd"] == ["python"]  # jemalloc knows how to fork


def test_a_warm_process_that_dies_is_replaced(world, tmp_path):
    (tmp_path / "a.sql").write_text(COUNT)
    with Sandbox() as sandbox:
        box = sandbox.open(read_submission(tmp_path / "a.sql"))
        scratch = sandbox._scratch.name
        os.kill(sandbox._warm.process.pid, signal.SIGKILL)
        assert box.run(world).failure == "crash"
        assert rows(box.run(world)) == RIGHT
    assert not os.path.exists(scratch)


def test_a_sandbox_that_is_not_open_says_so(world, tmp_path, monkeypatch):
    (tmp_path / "a.sql").write_text(COUNT)
    with pytest.raises(RuntimeError, match="with statement"):
        Sandbox().open(read_submission(tmp_path / "a.sql"))
    monkeypatch.setattr("testbed.validation.sandbox.process.BEGIN", "raise SystemExit")
    with Sandbox() as sandbox, pytest.raises(Failure, match="did not start"):
        sandbox.open(read_submission(tmp_path / "a.sql"))


@pytest.mark.parametrize(("text", "names", "first"), [
    ("a,b\n1,x\n2,\n", ["a", "b"], (1, "x")),
    ("read 6 rows\n,a,b\n0,1.5,True\n1,,False\ndone\n", ["column 1", "a", "b"], (0, 1.5, True)),
    ('a,b\n"x, y",2025-01-01\n', ["a", "b"], ("x, y", "2025-01-01")),
    ("share\n0.5\n", ["share"], (0.5,)),
])  # fmt: skip
def test_printed_tables_are_found(text, names, first):
    table, _ = reply.read_csv(text, Limits())
    assert list(table.columns) == names and tuple(table.iloc[0]) == first
