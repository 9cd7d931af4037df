"""Opening logs wherever they lie, and the messages where there is none."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from pathlib import Path

import duckdb
import ibis
import ibis.expr.operations as ops
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import contract
from analysis.queries import agentic, categories, cost, openness, query, retention, usage
from analysis.sources.log import LogError, NotAvailable
from analysis.sources.opening import open_log
from tests.analysis.made_log import READ, made, write_run
from tests.analysis.rows import generations

QUERIES = [
    usage.weekly, usage.by_author, openness.weekly_shares, agentic.reasoning_share, agentic.tool_share,
    categories.weekly_shares, cost.effective_cost, retention.cohort_activity,
]  # fmt: skip


def _same(first, second):
    for one in QUERIES:
        pd.testing.assert_frame_equal(one(first), one(second))


def test_a_run_folder_its_log_folder_files_and_globs_hold_the_same_log(run_folder, log):
    for where in (run_folder / "log", str(run_folder)):
        with open_log(where) as other:
            _same(log, other)
            assert other.manifest is not None
    for where in (f"{run_folder}/log/*/*.parquet", f"{run_folder}/log/**/*.parquet"):
        with open_log(where, labels=run_folder / "labels", models=run_folder / "models.parquet",
                      start=dt.date(2024, 12, 1), end=dt.date(2025, 11, 30)) as other:  # fmt: skip
            _same(log, other)
            assert other.manifest is None


def test_a_duckdb_file_holds_the_same_log(made_log, log, tmp_path):
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        for name, table in (
            ("requests", made_log.generations),
            ("labels", made_log.labels),
            ("models", made_log.models),
        ):
            connection.register("given", table)
            connection.execute(f"create table {name} as select * from given")
            connection.unregister("given")
    before = path.read_bytes()
    with open_log(path, table="requests", start=made_log.start, end=made_log.end) as other:
        _same(log, other)
    assert path.read_bytes() == before
    with pytest.raises(LogError, match=r"no table 'generations' in it \(.*requests"):
        open_log(path)


def test_a_table_of_a_connection_holds_the_same_log_and_is_left_as_it_was(made_log, log):
    connection = ibis.duckdb.connect()
    connection.create_table("generations", made_log.generations)
    connection.create_table("labels", made_log.labels)
    connection.create_table("models", made_log.models)
    tables = connection.list_tables()
    for where in ((connection, "generations"), connection.table("generations")):
        with open_log(where, start=made_log.start, end=made_log.end) as other:
            _same(log, other)
        assert connection.list_tables() == tables
    with pytest.raises(LogError, match=r"no table 'generation' .*nearest: generations"):
        open_log((connection, "generation"))
    connection.disconnect()


def test_wide_integers_and_floats_conform(made_log, log, connect):
    wide = made_log.generations
    for i, field in enumerate(wide.schema):
        if pa.types.is_integer(field.type):
            wide = wide.set_column(i, field.name, wide[field.name].cast(pa.int64()))
    other = connect(
        wide, labels=made_log.labels, models=made_log.models, start=made_log.start, end=made_log.end
    )
    _same(log, other)


def test_plain_parquet_files_without_partitions(made_log, tmp_path):
    pq.write_table(made_log.generations, tmp_path / "one.parquet")
    with open_log(tmp_path / "one.parquet") as one, open_log(tmp_path) as folder:
        assert one.rows == folder.rows == made_log.generations.num_rows
        assert one.labels is None
        assert one.models is None


def test_files_written_with_more_columns_later_on(made_log, tmp_path):
    half = made_log.generations.num_rows // 2
    pq.write_table(made_log.generations.slice(0, half).drop_columns(["byok"]), tmp_path / "a.parquet")
    pq.write_table(made_log.generations.slice(half), tmp_path / "b.parquet")
    with open_log(tmp_path) as log:
        charged = cost.effective_cost(log)["requests"].sum()
    assert charged == sum(byok is False for byok in made_log.generations["byok"].slice(half).to_pylist())


def test_days_come_from_the_manifest_else_from_the_records(made_log, log, tmp_path):
    assert (log.first_day, log.last_day) == (dt.date(2024, 12, 1), dt.date(2025, 11, 30))
    assert log.complete_weeks()[0] == dt.date(2024, 12, 2)
    assert log.complete_weeks()[-1] == dt.date(2025, 11, 24)
    bare = write_run(made_log, tmp_path / "bare", manifest=False)
    with open_log(bare) as other:
        created = made_log.generations["created_at"]
        import pyarrow.compute as pc

        assert other.first_day == pc.min(created).as_py().date()
        assert other.last_day == pc.max(created).as_py().date()


def test_a_week_cut_by_the_end_of_the_log_is_not_complete(connect):
    log = connect(generations([("a", "x/y", "2025-01-10T00:00:00"), ("a", "x/y", "2025-03-30T00:00:00")]))
    assert log.complete_weeks()[0] == dt.date(2025, 1, 13)
    assert log.complete_weeks()[-1] == dt.date(2025, 3, 24)


@pytest.mark.parametrize(
    ("start", "end", "mondays"),
    [
        ("2025-03-03", "2025-03-16", [3, 10]),  # Monday to Sunday
        ("2025-03-03", "2025-03-15", [3]),  # to Saturday
        ("2025-03-04", "2025-03-16", [10]),  # from Tuesday
        ("2025-03-03", "2025-03-08", []),
    ],
)
def test_a_week_is_complete_from_its_monday_to_its_sunday_only(connect, start, end, mondays):
    first, last = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    log = connect(generations([("a", "x/y", f"{end}T00:00:00")]), start=first, end=last)
    assert log.complete_weeks() == [dt.date(2025, 3, monday) for monday in mondays]
    marked = usage.weekly(log)
    assert marked["complete"].tolist() == [last.weekday() == 6]


@pytest.mark.parametrize("column", [f.name for f in contract.GENERATIONS if f.required])
def test_a_log_without_a_required_column_is_refused(made_log, connect, column):
    with pytest.raises(LogError, match=f"required column '{column}' is missing"):
        connect(made_log.generations.drop_columns([column]))


def test_a_misnamed_column_is_answered_with_the_nearest_names(made_log, connect):
    names = ["userid" if name == "user_id" else name for name in made_log.generations.column_names]
    with pytest.raises(LogError, match=r"'user_id' is missing \(nearest: userid"):
        connect(made_log.generations.rename_columns(names))


UNREAD = tuple(f.name for f in contract.GENERATIONS if not f.required and f.name not in READ)


@pytest.mark.parametrize("columns", [UNREAD, *((name,) for name in READ)], ids=lambda value: str(value)[:40])
def test_without_an_optional_column_the_rest_is_available(made_log, connect, log, columns):
    other = connect(
        made_log.generations.drop_columns(list(columns)), labels=made_log.labels, models=made_log.models,
        start=made_log.start, end=made_log.end,
    )  # fmt: skip
    needs = {"finish_reason": agentic.tool_share, "byok": cost.effective_cost}
    for one in QUERIES:
        if needs.get(columns[0]) is one:
            with pytest.raises(NotAvailable, match=columns[0]):
                one(other)
        else:
            pd.testing.assert_frame_equal(one(other), one(log))


def test_without_side_tables_what_needs_them_is_not_available(made_log, connect):
    log = connect(made_log.generations)
    for one in (openness.weekly_shares, agentic.reasoning_share, openness.weekly_sizes, usage.by_author):
        with pytest.raises(NotAvailable, match="models"):
            one(log)
    with pytest.raises(NotAvailable, match="labels"):
        categories.weekly_shares(log)
    assert len(usage.by_author(log, open_weights=None)) > 3
    assert len(retention.triangles(log)) > 10


def test_a_column_without_any_value_is_not_available_rather_than_zero(connect):
    rows = generations([("a", "x/y", "2025-01-10T00:00:00", {"finish_reason": None})])
    with pytest.raises(NotAvailable, match="finish_reason"):
        agentic.tool_share(connect(rows))


def test_timestamps_without_a_zone_are_refused(made_log, connect, tmp_path):
    naive = made_log.generations.set_column(
        1, "created_at", made_log.generations["created_at"].cast(pa.timestamp("ms"))
    )
    with pytest.raises(LogError, match="timestamp without a time zone"):
        connect(naive)
    pq.write_table(naive, tmp_path / "naive.parquet")
    with pytest.raises(LogError, match="timestamp without a time zone"):
        open_log(tmp_path / "naive.parquet")


def test_timestamps_as_text_are_refused(made_log, connect):
    text = pa.array([str(moment) for moment in made_log.generations["created_at"].to_pylist()])
    with pytest.raises(LogError, match="'created_at' is string, expected timestamp"):
        connect(made_log.generations.set_column(1, "created_at", text))


def test_an_empty_log_is_refused(made_log, connect):
    with pytest.raises(LogError, match="empty"):
        connect(made_log.generations.slice(0, 0))


def test_nothing_there_no_parquet_and_broken_files(tmp_path):
    with pytest.raises(LogError, match="no such file or folder"):
        open_log(tmp_path / "nowhere")
    with pytest.raises(LogError, match="no Parquet files"):
        open_log(tmp_path)
    with pytest.raises(LogError, match="no Parquet files"):
        open_log(str(tmp_path / "*.parquet"))
    for name in ("text.parquet", "text.duckdb"):
        (tmp_path / name).write_text("not what the name says, at all")
        with pytest.raises(LogError, match=r"not (Parquet|a DuckDB file)"):
            open_log(tmp_path / name)


def test_a_folder_of_runs_is_not_one_log(run_folder, tmp_path):
    shutil.copytree(run_folder, tmp_path / "world" / "seed1")
    for where in (tmp_path, tmp_path / "world"):
        with pytest.raises(LogError, match=r"name one, such as .*seed1"):
            open_log(where)


def test_a_broken_manifest_is_named(run_folder, tmp_path):
    copy = shutil.copytree(run_folder, tmp_path / "copy")
    (copy / "manifest.json").write_text("{")
    with pytest.raises(LogError, match=r"manifest\.json"):
        open_log(copy)


def test_closing_removes_the_temporary_folder(run_folder):
    log = open_log(run_folder)
    spill = log.connection.raw_sql("select current_setting('temp_directory')").fetchone()[0]
    assert os.path.isdir(spill)
    retention.first_months(log)
    log.close()
    assert not Path(spill).exists()
    log.close()


def test_one_user_one_month_one_row(connect):
    log = connect(generations([("a", "x/y", "2025-02-03T12:00:00")]))
    assert usage.weekly(log)["requests"].tolist() == [1]
    cells = retention.triangle(log, "x/y")
    assert cells[["users", "k", "retention"]].to_numpy().tolist() == [[1.0, 0.0, 1.0]]
    assert not cells["complete"].any()


def test_own_key_requests_only_have_no_effective_cost(connect):
    log = connect(generations([("a", "x/y", "2025-02-03T12:00:00", {"byok": True})] * 3))
    found = cost.effective_cost(log)
    assert found["requests"].tolist() == [0]
    assert found["cost_usd_per_mtok"].isna().all()


def test_models_out_of_the_catalogue_are_unknown_and_counted(connect):
    from tests.analysis.rows import model, models

    rows = [("a", "x/y", "2025-02-03T12:00:00"), ("a", "z/z", "2025-02-04T12:00:00")]
    log = connect(generations(rows), models=models(model("x/y", "2024-01-01")))
    shares = openness.weekly_shares(log).set_index("source_type")["share"].to_dict()
    assert shares == {"closed": 0.5, "unknown": 0.5}


def test_results_are_remembered_and_handed_out_as_copies(log, monkeypatch):
    first = usage.weekly(log)
    monkeypatch.setattr(query, "collect", lambda expression: pytest.fail("asked the engine twice"))
    copy = usage.weekly(log)
    copy["tokens"] = 0
    pd.testing.assert_frame_equal(usage.weekly(log), first)


@pytest.mark.parametrize("name", sorted(query.all_queries()))
def test_no_query_holds_a_set_whose_order_its_text_would_have(name, log):
    """A set of names has another order in every process, and in every copy of it: Ibis keeps one of the columns that
    `drop` leaves out, and DuckDB's SQL lists them in that order."""
    kept = query.all_queries()[name].expression(log).op().find(ops.Node)
    several = [node for node in kept for arg in node.args if isinstance(arg, frozenset) and len(arg) > 1]
    assert not several, "leave columns out with `select`, which has an order"


def test_unknown_query_names_are_answered_with_the_known_ones(log):
    with pytest.raises(KeyError, match=r"openness\.weekly_shares"):
        query.sql_of("openness.weekly", log)


def test_a_log_made_without_labels_has_none(tmp_path):
    folder = write_run(made(rows=200, users=20, label_share=0.0), tmp_path / "run")
    with open_log(folder) as log:
        assert log.labels is None
