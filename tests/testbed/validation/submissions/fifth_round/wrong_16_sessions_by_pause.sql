-- question: sessions_by_pause
-- dialect: snowflake
WITH g AS (
  SELECT COALESCE(NULLIF(user_id, ''), NULLIF(account_id, '')) AS usr,
         CONVERT_TIMEZONE('UTC', created_at) AS ts
  FROM generations
),
w AS (
  SELECT usr, ts, DATE_TRUNC('week', ts) AS week
  FROM g
  WHERE usr IS NOT NULL
),
p AS (
  SELECT week, ts,
         LAG(ts) OVER (PARTITION BY usr, week ORDER BY ts) AS prev_ts
  FROM w
)
SELECT CAST(week AS DATE) AS week,
       COUNT_IF(prev_ts IS NULL OR ts > prev_ts + INTERVAL '30 minutes') AS sessions
FROM p
GROUP BY 1
ORDER BY 1
