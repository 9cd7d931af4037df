# question: programming_length
import duckdb
import pandas as pd


def answer(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    con.execute("""
CREATE TEMP TABLE req AS
SELECT g.generation_id,
       CAST(date_trunc('week', g.created_at AT TIME ZONE 'UTC') AS DATE) AS week,
       coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) AS tokens,
       x.prog
FROM generations g
JOIN (
  SELECT generation_id, bool_or(cat = 'programming') AS prog
  FROM (
    SELECT l.generation_id,
           coalesce((SELECT arg_max(t.category, length(t.path)) FROM taxonomy t
                     WHERE l.path = t.path OR starts_with(l.path, t.path || '/')), 'other') AS cat
    FROM labels l
    WHERE l.confidence >= 0.5
  )
  GROUP BY generation_id
) x ON x.generation_id = g.generation_id
""")
    res = con.execute("""
SELECT week,
       avg(tokens) FILTER (WHERE prog) / avg(tokens) AS ratio
FROM req
GROUP BY week
HAVING bool_or(prog)
ORDER BY week
""").df()
    return res
