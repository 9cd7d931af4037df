"""An import beside DuckDB's reading of the same file; run: python -m benchmarks.imports [ROWS]

A made-up export of so many requests as CSV and Parquet, imported by a mapping, and as OpenRouter's responses in JSON
lines. Each is read in a process of its own, in turns. The reading is `CREATE TABLE AS SELECT *` into a DuckDB file, in
the types that DuckDB detects and the memory that an import has. Processor time of all threads, since other work beside
makes the wall clock longer. An import also checks each row, finds copies, resolves ids, sorts by time, writes Parquet
by week and checks the log.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from analysis.numerals import counted
from benchmarks.child import peak_memory, run_child

ROWS = 10_000_000
TURNS = 2
TARGET = 3.0
"""An import takes at most so many times the processor time of the reading."""
MAPPING = """\
title: a made-up export
cached: inside
reasoning: inside
fields:
  generation_id: id
  created_at: {column: at, unit: milliseconds}
  user_id: who
  model: model
  provider_name: provider
  tokens_prompt: ins
  tokens_completion: outs
  tokens_reasoning: thought
  tokens_cached: kept
  cost_total: {column: cents, unit: cents}
  finish_reason: ended
  streamed: streamed
  generation_time_ms: {column: seconds, unit: seconds}
  session_id: session
"""
_MODELS = (
    "anthropic/claude-sonnet-4.5", "openai/gpt-4o-mini", "deepseek/deepseek-r1", "google/gemini-2.5-pro", "own/model",
)  # fmt: skip
_MADE = f"""
    SELECT format('gen-{{}}-{{:x}}', 1735689600 + i * 3, hash(i)) AS id,
        1735689600000 + i * 3000 + hash(i, 1) % 3000 AS at, format('user-{{:06d}}', hash(i, 2) % 50000) AS who,
        list_extract({list(_MODELS)}, CAST(hash(i, 3) % {len(_MODELS)} + 1 AS INTEGER)) AS model,
        list_extract(['one', 'two', 'three'], CAST(hash(i, 4) % 3 + 1 AS INTEGER)) AS provider,
        CAST(hash(i, 5) % 20000 + 1000 AS INTEGER) AS ins, CAST(hash(i, 6) % 2000 + 500 AS INTEGER) AS outs,
        CAST(hash(i, 7) % 500 AS INTEGER) AS thought, CAST(hash(i, 8) % 1000 AS INTEGER) AS kept,
        round((hash(i, 9) % 100000) / 1e5, 5) AS cents,
        list_extract(['stop', 'tool_calls', 'max_tokens'], CAST(hash(i, 10) % 3 + 1 AS INTEGER)) AS ended,
        hash(i, 11) % 2 = 0 AS streamed, (hash(i, 12) % 30000) / 1000 AS seconds,
        format('session-{{:07d}}', hash(i, 13) % 900000) AS session
    FROM range($rows) t(i)
"""
_RESPONSE = """
    SELECT id, 'chat.completion' AS object, "at" // 1000 AS created, model, provider,
        [{'index': 0, 'finish_reason': ended, 'native_finish_reason': ended,
          'message': {'role': 'assistant', 'content': null, 'refusal': null}}] AS choices,
        {'prompt_tokens': ins, 'completion_tokens': outs, 'total_tokens': ins + outs, 'cost': cents / 100,
         'is_byok': false, 'prompt_tokens_details': {'cached_tokens': kept},
         'completion_tokens_details': {'reasoning_tokens': thought}} AS usage
"""
FILES = {
    "mapped CSV": "requests.csv",
    "mapped Parquet": "requests.parquet",
    "OpenRouter, JSON lines": "responses.jsonl",
}
"""By what is measured, the file."""


def measure(rows: int = ROWS) -> str:
    """The table of the benchmark, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), rows)
        lines = [
            f"{rows:,} requests; seconds of processor time, the best of {counted(TURNS, 'turn')}.",
            "",
            "| file | GB | DuckDB reads it | import | import / reading | peak memory of the import |",
            "|---|---|---|---|---|---|",
        ]
        for title, name in FILES.items():
            path = Path(folder, name)
            turns = [
                [run_child("benchmarks.imports", way, str(path)) for way in ("read", "import")]
                for _ in range(TURNS)
            ]
            read, ours = (min((turn[way] for turn in turns), key=_seconds) for way in (0, 1))
            assert read["rows"] == ours["rows"] == rows
            ratio = ours["seconds"] / read["seconds"]
            lines.append(
                f"| {title} | {path.stat().st_size / 1e9:.2f} | {read['seconds']:.1f} | {ours['seconds']:.1f} | "
                f"**{ratio:.1f}** | {ours['memory']:.2f} GB |"
            )
        return "\n".join([*lines, "", f"Target: at most {TARGET:g} times the reading."])


def make(folder: Path, rows: int) -> None:
    """Write the files of so many requests; the same rows in each."""
    with duckdb.connect(config={"memory_limit": "2GB"}) as engine:
        engine.execute(f"CREATE VIEW made AS {_MADE.replace('$rows', str(rows))}")
        engine.execute(f"COPY made TO '{folder / FILES['mapped CSV']}' (HEADER)")
        engine.execute(f"COPY made TO '{folder / FILES['mapped Parquet']}' (COMPRESSION zstd)")
        engine.execute(
            f"COPY ({_RESPONSE} FROM made) TO '{folder / FILES['OpenRouter, JSON lines']}' (FORMAT json)"
        )


def read(path: Path) -> dict[str, Any]:
    """DuckDB reads a file into a table on disk."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(Path(folder, "read.duckdb")) as engine:
        engine.execute("SET memory_limit = '2GB'")
        engine.execute(f"SET temp_directory = '{folder}/spill'")
        began = time.process_time()
        engine.execute(f"CREATE TABLE found AS SELECT * FROM '{path}'")
        seconds = time.process_time() - began
        (rows,) = engine.execute("SELECT count(*) FROM found").fetchall()[0]
    return {"rows": rows, "seconds": seconds, "memory": peak_memory()}


def imported(path: Path) -> dict[str, Any]:
    """Import a file: by the mapping, or as OpenRouter's."""
    from analysis.importers import importers
    from analysis.importing.run import import_log
    from testbed.commands.import_log import listed_models
    from testbed.mapping.reading import read_mapping

    with tempfile.TemporaryDirectory() as folder:
        models, known, name = listed_models(None), importers(), "openrouter"
        if path.suffix != ".jsonl":
            mapping = Path(folder, "mapping.yaml")
            mapping.write_text(MAPPING, encoding="utf-8")
            known, name = {"mapped": read_mapping(mapping)}, "mapped"
        began = time.process_time()
        account = import_log(path, Path(folder, "log"), known, models, name=name, user="one")
        seconds = time.process_time() - began
    return {"rows": account.written, "seconds": seconds, "memory": peak_memory()}


def _seconds(found: dict[str, Any]) -> float:
    return float(found["seconds"])


if __name__ == "__main__":
    match sys.argv[1:]:
        case [("read" | "import") as way, path]:
            print(json.dumps((read if way == "read" else imported)(Path(path))))
        case given:
            print(measure(*map(int, given)))
