# question: programming_length
import duckdb
import pandas as pd


def answer(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    for name, table in {"generations": generations, "labels": labels, "taxonomy": taxonomy}.items():
        con.register(name, table)

    con.execute("""
    CREATE TEMP TABLE carried AS
    SELECT DISTINCT generation_id, coalesce(category, 'other') AS category
    FROM (
      SELECT l.generation_id, t.category,
             rank() OVER (PARTITION BY l.rid ORDER BY length(t.path) DESC NULLS LAST) AS r
      FROM (SELECT rowid AS rid, * FROM (SELECT row_number() OVER () AS rowid, * FROM labels)) l
      LEFT JOIN taxonomy t ON l.path = t.path OR starts_with(l.path, t.path || '/')
      WHERE NOT coalesce(l.confidence < 0.5, false)
    )
    WHERE r = 1
    """)

    df = con.execute("""
    WITH g AS (
      SELECT generation_id,
             CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS DATE) AS week,
             coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0) AS tokens
      FROM generations
      WHERE generation_id IN (SELECT generation_id FROM carried)
    ),
    p AS (
      SELECT week, avg(tokens) AS mean_programming
      FROM g WHERE generation_id IN (SELECT generation_id FROM carried WHERE category = 'programming')
      GROUP BY week
    ),
    a AS (SELECT week, avg(tokens) AS mean_all FROM g GROUP BY week)
    SELECT week, mean_programming / mean_all AS ratio, mean_programming, mean_all
    FROM p JOIN a USING (week)
    ORDER BY week
    """).df()
    df["week"] = df["week"].astype(str).str[:10]
    return df
