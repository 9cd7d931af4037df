# question: effective_cost
import sys

import duckdb

log = sys.argv[1] + "/log/**/*.parquet"
con = duckdb.connect()
con.sql(f"""
    SELECT model,
           sum(tokens_prompt::BIGINT + tokens_completion) AS charged_tokens,
           round(sum(cost_total), 2) AS cost_usd,
           round(sum(cost_total) / sum(tokens_prompt::BIGINT + tokens_completion) * 1000000, 2) AS cost_usd_per_mtok
    FROM read_parquet('{log}')
    WHERE byok = false AND model NOT LIKE '%:free'
    GROUP BY model
    ORDER BY model
""").df().to_csv(sys.stdout, index=False)
