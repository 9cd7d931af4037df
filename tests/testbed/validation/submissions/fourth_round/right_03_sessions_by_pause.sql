-- question: sessions_by_pause
-- dialect: postgres
SELECT week, SUM(starts) AS sessions
FROM (
    SELECT CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS date) AS week,
           CASE
               WHEN who IS NULL THEN 0
               WHEN created_at <= LAG(created_at) OVER (PARTITION BY who ORDER BY created_at) + INTERVAL '30 minutes' THEN 0
               ELSE 1
           END AS starts
    FROM (
        SELECT created_at, COALESCE(NULLIF(user_id, ''), account_id) AS who
        FROM generations
    ) AS requests
) AS marked
GROUP BY week
ORDER BY week;
