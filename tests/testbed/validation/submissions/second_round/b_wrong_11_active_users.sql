-- question: active_users
-- dialect: clickhouse
SELECT
    toStartOfWeek(created_at, 0, 'UTC') AS week,
    count(DISTINCT coalesce(nullIf(user_id, ''), account_id)) AS users
FROM generations
GROUP BY week
ORDER BY week
