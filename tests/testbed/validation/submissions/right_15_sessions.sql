-- question: sessions
-- dialect: clickhouse
SELECT CAST(monday AS Date) AS week, countIf(session_id IS NOT NULL) AS sessions
FROM (
    SELECT toMonday(created_at, 'UTC') AS monday, session_id
    FROM generations
    GROUP BY monday, session_id
)
GROUP BY monday
ORDER BY monday
