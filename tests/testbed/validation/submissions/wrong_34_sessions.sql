-- question: sessions
-- dialect: clickhouse
SELECT CAST(toMonday(began, 'UTC') AS Date) AS week, count() AS sessions
FROM (
    SELECT session_id, min(created_at) AS began
    FROM generations
    WHERE session_id IS NOT NULL
    GROUP BY session_id
)
GROUP BY week
ORDER BY week
