"""What all tests share: one thread a process, little work for the collector of garbage, each text of SQL written once,
the slowest files first, one analysis with stills, and a browser for those that need one, with a word at the end when
there was none."""

from __future__ import annotations

import collections
import functools
import gc
import os
import sys
from pathlib import Path
from typing import Any

# The matrices are small and each worker of the suite has a core: threads of their own would only wait for each other,
# which took half of the time of some files. NumPy reads this when it is first imported, also in what tests start.
for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

# Workers and the commands that tests start read what one of them compiled, beside the sources, as Numba's own files lie
# there: to compile all modules, and the tests' with their assertions, took seven seconds of each worker.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

from tests import browser, once, postgres  # noqa: E402

# Expressions and pages are many small objects: with Python's thresholds (700, 10, 10) a tenth of an analysis went into
# looking through them for garbage.
gc.set_threshold(50_000, 20, 50)

# The first example of a property may compile or load kernels, and the machine may be busy: how long an example takes
# says nothing of the property.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

SLOWEST = (
    "test_in_browser.py", "test_sandbox.py", "test_escapes.py", "test_workers.py", "test_page_in_browser.py",
    "test_cluster.py", "test_postgres_log.py", "test_postgres.py", "test_bad_logs.py", "test_benchmarks.py",
    "test_how_to.py", "test_results.py", "test_golden.py", "test_openness_exhibits.py",
    "test_experiment_command.py", "test_recognition.py", "test_pytest_plugin.py", "test_market_exhibits.py",
    "test_check.py", "test_cli_analyze.py", "test_every_lesson.py", "test_validate_command.py",
    "test_scoreboard.py", "test_cli_verdict.py", "test_trend_tests_page.py", "test_engine.py",
    "test_calibrate.py", "test_world.py", "test_faults.py", "test_error_rates.py", "test_verdict_on_worlds.py",
    "test_cohort_profile.py", "test_nulls.py", "test_session_zones.py", "test_agreement.py",
    "test_inspection_page.py", "test_source.py", "test_suppression.py", "test_against_analysis.py",
    "test_nasty_names.py", "test_examples.py", "test_sessions.py", "test_k_anonymity.py", "test_expectation.py",
    "test_end_to_end.py", "test_round_trip.py", "test_recovery.py", "test_withholding.py",
    "test_truth_checks.py", "test_verdict_order.py", "test_streams.py", "test_mechanisms.py",
    "test_coverage.py", "test_files.py", "test_engines.py", "test_cli_run.py", "test_worst_cases.py",
    "test_cli_compare.py", "test_first_drafts.py", "test_cross_validation.py", "test_activity.py",
    "test_damaged_exports.py", "test_classification.py", "test_compiled_search.py", "test_against_naive.py",
    "test_user_files.py", "test_comparison.py", "test_conformance.py", "test_search.py",
    "test_openness_against_naive.py", "test_plan.py", "test_randomness.py", "test_openrouter.py",
    "test_mapped_imports.py", "test_told_causes.py", "test_market_against_naive.py", "test_scope.py",
    "test_regret.py", "test_columns.py", "test_verdict_patterns.py", "test_lessons_command.py",
    "test_reactivation_evidence.py", "test_parts.py", "test_multiplicity.py", "test_litellm_server.py",
    "test_registry.py", "test_langfuse.py",
)  # fmt: skip
"""The files that take longest, longest first: they start first, so that no worker ends with one of them alone. Before
them, by turns, those in which a browser works beside its test and those that wait: the one uses what the other
leaves."""


def pytest_configure(config: pytest.Config) -> None:
    """Let files come in the order given here: xdist would begin with those that have most tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slowest files."""
    place = {name: i for i, name in enumerate(SLOWEST)}
    items.sort(key=lambda item: place.get(item.path.name, len(place)))


@pytest.fixture(scope="session", autouse=True)
def engines_have_one_thread():
    """A DuckDB of a test has one thread, unless the test asks for more: its tables are small, and threads that hand
    them to each other took a seventh of the time of the logs of claims. Commands started as processes have theirs."""
    from ibis.backends.duckdb import Backend

    connect = Backend.do_connect

    @functools.wraps(connect)
    def do_connect(self: Any, *args: Any, **config: Any) -> None:
        connect(self, *args, **{"threads": 1, **config})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backend, "do_connect", do_connect)
        yield


@pytest.fixture(scope="session", autouse=True)
def commands_analyse_in_this_process():
    """An analysis of a test is small: two processes for it took longer to start than what they did, and knew none of
    the SQL that is kept here. Commands started as processes have theirs, and so have tests about workers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.workers.cores", lambda: 1)
        yield


@pytest.fixture(scope="session", autouse=True)
def files_are_parsed_once():
    """The tree of a scenario's file is a function of its text, and nobody changes it. Parsing was half of the time that
    it takes to load a world, and most worlds of the tests extend a few shipped ones."""
    from sim.config.nodes import compose

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.config.reading.compose", functools.lru_cache(maxsize=256)(compose))
        yield


@pytest.fixture(scope="session", autouse=True)
def catalogues_are_read_once():
    """A catalogue is a function of the text of its files, and nobody changes it. Reading the shipped one was half of
    the rest of the time that it takes to load a world."""
    from sim.catalogue import overrides
    from sim.catalogue.reading import load_catalogue as read

    def content(folder: Path) -> Any:
        return folder, *((file.name, file.read_bytes()) for file in sorted(folder.glob("*.csv")))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(overrides, "load_catalogue", once.kept(read, content))
        yield


@pytest.fixture(scope="session", autouse=True)
def sql_is_written_once():
    """The SQL beside an exhibit is a function of its expression alone, and a fifth of an analysis: it is kept by
    expression, for the logs of the same columns and days that come after."""
    from analysis.queries import query

    with pytest.MonkeyPatch.context() as patch:
        kept = once.kept(query.written, lambda unbound, dialect: (unbound.op(), dialect))
        patch.setattr(query, "written", kept)
        yield


@pytest.fixture(scope="session", autouse=True)
def queries_are_compiled_once():
    """The SQL of an expression is a function of its structure and of the engine's kind: it is kept by them, so that the
    next log of the same columns, days and steps need not have it again. For that steps have the same names in every
    connection, numbered where logs share one. Types are read once, too: each table's columns are told as text."""
    from ibis.backends import BaseBackend
    from ibis.backends.sql import SQLBackend
    from ibis.backends.sql.compilers.base import SQLGlotCompiler
    from ibis.backends.sql.datatypes import SqlglotType

    from analysis.sources import log

    to_sqlglot, compiled = SQLGlotCompiler.to_sqlglot, SQLBackend.compile
    trees: dict[Any, Any] = {}
    texts: dict[Any, str] = {}

    def tree(self: Any, expr: Any, *, limit: Any = None, params: Any = None) -> Any:
        if params or limit is not None:
            return to_sqlglot(self, expr, limit=limit, params=params)
        key = (type(self), expr.as_table().op())
        if key not in trees:
            trees[key] = to_sqlglot(self, expr)
        return trees[key].copy()

    def text(self: Any, expr: Any, /, *, limit: Any = None, params: Any = None, pretty: bool = False) -> str:
        if params or limit is not None:
            return compiled(self, expr, limit=limit, params=params, pretty=pretty)
        key = (self.name, expr.as_table().op(), pretty)
        if key not in texts:
            texts[key] = compiled(self, expr, pretty=pretty)
        return texts[key]

    def numbered(connection: Any, name: str) -> str:
        used = vars(connection).setdefault("_names_of_steps", collections.Counter())
        used[name] += 1
        return f"{name}_{used[name]}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseBackend, "db_identity", property(lambda self: self.name))
        patch.setattr(SQLGlotCompiler, "to_sqlglot", tree)
        patch.setattr(SQLBackend, "compile", text)
        patch.setattr(log, "unused", numbered)
        patch.setattr(
            SqlglotType,
            "from_string",
            classmethod(functools.cache(vars(SqlglotType)["from_string"].__func__)),
        )
        yield


@pytest.fixture(scope="module")
def inspected_once():
    """Commands look at a log before they read it. What an inspection finds is a function of the log: here none is
    looked at again by the next command or test of a file."""
    from testbed.commands import inspect_log

    def content(where: str, options: dict[str, Any]) -> Any:
        path = Path(where)
        files = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
        stamps = tuple((file, file.stat().st_mtime_ns) for file in files if file.is_file())
        return where, repr(options), stamps

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspect_log, "_inspected", once.kept(inspect_log._inspected, content))
        yield


@pytest.fixture(scope="session")
def preloaded():
    """A process that runs Python commands in forks of itself, which have the libraries loaded."""
    from tests.preloaded import Preloaded

    process = Preloaded()
    yield process
    process.close()


@pytest.fixture(scope="session", name="postgres")
def postgres_server():
    """The address of a PostgreSQL server, without a database; the test is skipped where none is installed."""
    with postgres.server() as address:
        yield address


@pytest.fixture(scope="session")
def made_log():
    """A made log of a year with 17 models and 900 users."""
    from tests.analysis.made_log import made

    return made(rows=12_000, users=900, seed=3)


@pytest.fixture(scope="session")
def run_folder(made_log, tmp_path_factory):
    """The made log as a run folder. Nobody writes to it."""
    from tests.analysis.made_log import write_run

    return once.made_once(tmp_path_factory, "run", lambda folder: write_run(made_log, folder / "run"))


@pytest.fixture(scope="session")
def written_out(run_folder, tmp_path_factory):
    """The analysis of the made log with stills: its folder, to which nobody writes, its summary, and the steps told."""
    import analysis

    def write(out):
        steps = []
        with analysis.open_log(run_folder) as log:
            summary = analysis.write_analysis(
                log, out, progress=lambda *step: steps.append(step), stills=True
            )
        return out, summary, steps

    return once.made_once(tmp_path_factory, "analysis", write)


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium; without one the test is skipped, or fails where a browser is required."""
    path = browser.find_browser()
    if path is None:
        (pytest.fail if browser.is_required() else pytest.skip)(browser.MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=path, args=browser.arguments())
        yield opened
        opened.close()


def pytest_terminal_summary(terminalreporter):
    """Say aloud that the browser tests did not run."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if browser.MISSING in str(r.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} tests did not run: {browser.MISSING}.", yellow=True)
