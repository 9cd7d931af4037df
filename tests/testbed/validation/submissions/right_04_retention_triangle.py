# question: retention_triangle
# model: author/slug
import sys
from pathlib import Path

import duckdb

run = Path(sys.argv[1])
con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
con.execute(f"""
    CREATE TABLE g AS
    SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS who, model, created_at::TIMESTAMP AS ts
    FROM read_parquet('{run}/log/*/*.parquet', hive_partitioning = false)
""")
# first day of the first month that is not complete
(cut,) = con.execute("SELECT date_trunc('month', max(ts)::DATE + 1) FROM g").fetchone()
con.execute("""
    CREATE TABLE m AS
    SELECT DISTINCT who, date_trunc('month', ts) AS month, min(date_trunc('month', ts)) OVER (PARTITION BY who) AS cohort
    FROM g WHERE model = 'author/slug' AND who IS NOT NULL
""")
cells = con.execute("""
    WITH c AS (SELECT cohort, count(DISTINCT who) AS users FROM m GROUP BY cohort),
         s AS (SELECT unnest(generate_series((SELECT min(cohort) FROM c), ?::TIMESTAMP - INTERVAL 1 DAY, INTERVAL 1 MONTH)) AS month)
    SELECT c.cohort::DATE AS cohort, date_diff('month', c.cohort, s.month) AS k, any_value(c.users) AS users,
           count(m.who) AS active, count(m.who) / any_value(c.users) AS retention
    FROM c JOIN s ON s.month >= c.cohort
    LEFT JOIN m ON m.cohort = c.cohort AND m.month = s.month
    GROUP BY c.cohort, s.month ORDER BY 1, 2
""", [cut]).df()
cells.to_csv(sys.stdout, index=False)
