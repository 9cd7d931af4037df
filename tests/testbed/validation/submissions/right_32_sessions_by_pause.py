# question: sessions_by_pause
import duckdb


def pauses(con: duckdb.DuckDBPyConnection):
    return con.sql("""
        WITH r AS (
            SELECT CASE WHEN user_id IS NULL OR user_id = '' THEN account_id ELSE user_id END AS who, created_at
            FROM generations
        ),
        s AS (
            SELECT created_at,
                   created_at - lag(created_at) OVER (PARTITION BY who ORDER BY created_at) AS pause
            FROM r WHERE who IS NOT NULL
        )
        SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
               count(*) FILTER (WHERE pause IS NULL OR pause > INTERVAL 30 MINUTE) AS sessions
        FROM s GROUP BY 1 ORDER BY 1
    """)
