-- question: sessions_by_pause
WITH r AS (
  SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS u,
         created_at AT TIME ZONE 'UTC' AS ts,
         CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS DATE) AS week
  FROM generations
), g AS (
  SELECT week, u, ts, lag(ts) OVER (PARTITION BY u, week ORDER BY ts) AS prev FROM r
)
SELECT week,
       count(*) FILTER (WHERE u IS NOT NULL AND (prev IS NULL OR ts - prev > INTERVAL 30 MINUTE)) AS sessions
FROM g GROUP BY week ORDER BY week;
