# question: sessions_by_pause
import duckdb


def sessions(con: duckdb.DuckDBPyConnection):
    con.execute("""
        CREATE OR REPLACE TEMP VIEW paused AS
        SELECT created_at,
               created_at - lag(created_at) OVER (PARTITION BY coalesce(nullif(user_id, ''), account_id) ORDER BY created_at) AS pause
        FROM generations
        WHERE coalesce(nullif(user_id, ''), account_id) IS NOT NULL
    """)
    return con.sql("""
        SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
               count(*) FILTER (WHERE pause > INTERVAL 60 MINUTE) AS sessions
        FROM paused GROUP BY 1 ORDER BY 1
    """)
