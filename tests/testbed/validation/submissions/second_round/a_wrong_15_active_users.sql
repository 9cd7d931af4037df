-- question: active_users
-- dialect: clickhouse
SELECT
    toStartOfWeek(toTimeZone(created_at, 'UTC')) AS week,
    uniqExact(coalesce(nullIf(user_id, ''), account_id)) AS users
FROM generations
GROUP BY week
ORDER BY week
