-- question: cohort_sizes
-- dialect: clickhouse
SELECT
    model,
    CAST(toStartOfMonth(began, 'UTC') AS Date) AS cohort,
    uniq(uid) AS users
FROM (
    SELECT model, coalesce(nullIf(user_id, ''), account_id) AS uid, min(created_at) AS began
    FROM generations
    GROUP BY model, uid
)
WHERE uid IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2
