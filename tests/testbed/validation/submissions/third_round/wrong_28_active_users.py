# question: active_users
import sys

import duckdb

con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
daily = con.execute(
    """
    SELECT CAST(created_at AS DATE) AS day,
           COUNT(DISTINCT COALESCE(NULLIF(user_id, ''), account_id)) AS users
    FROM read_parquet($1)
    GROUP BY 1
    """,
    [sys.argv[1] + "/log/*/*.parquet"],
).df()
daily["week"] = daily["day"] - daily["day"].dt.weekday.map(lambda n: __import__("pandas").Timedelta(days=n))
weekly = daily.groupby(daily["week"].dt.date)["users"].sum()
weekly.rename_axis("week").reset_index().to_csv(sys.stdout, index=False)
