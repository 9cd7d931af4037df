# question: cache_hit_rate
import duckdb
import pandas as pd


def answer(con: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    rows = con.execute(
        """
        SELECT CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS DATE) AS week,
               avg(tokens_cached / tokens_prompt) AS share
        FROM generations
        WHERE tokens_cached IS NOT NULL
          AND tokens_prompt > 0
        GROUP BY 1
        ORDER BY 1
        """
    ).fetchall()
    return pd.DataFrame(rows, columns=["week", "share"])
