-- question: sessions_by_pause
-- dialect: bigquery
WITH r AS (
  SELECT COALESCE(NULLIF(user_id, ''), account_id) AS uid, model, created_at
  FROM generations
),
g AS (
  SELECT uid, created_at,
         LAG(created_at) OVER (PARTITION BY uid, model ORDER BY created_at) AS prev
  FROM r
  WHERE uid IS NOT NULL
)
SELECT DATE_TRUNC(DATE(created_at), WEEK(MONDAY)) AS week,
       COUNTIF(prev IS NULL OR TIMESTAMP_DIFF(created_at, prev, MILLISECOND) > 1800000) AS sessions
FROM g
GROUP BY 1
ORDER BY 1
