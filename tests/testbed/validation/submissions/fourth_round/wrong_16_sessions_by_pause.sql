-- question: sessions_by_pause
WITH r AS (
  SELECT coalesce(nullif(user_id, ''), account_id) AS usr,
         created_at,
         date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week
  FROM generations
),
p AS (
  SELECT *, lag(created_at) OVER (PARTITION BY usr, week ORDER BY created_at) AS prev
  FROM r
)
SELECT week,
       count(*) FILTER (WHERE usr IS NOT NULL
                          AND (prev IS NULL OR created_at - prev > INTERVAL 30 MINUTE)) AS sessions
FROM p
GROUP BY week
ORDER BY week;
