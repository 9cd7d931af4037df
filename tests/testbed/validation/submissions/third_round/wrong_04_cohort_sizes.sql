-- question: cohort_sizes
WITH months AS (
    SELECT DISTINCT model,
           COALESCE(NULLIF(user_id, ''), account_id) AS usr,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations
    WHERE COALESCE(NULLIF(user_id, ''), account_id) IS NOT NULL
),
marked AS (
    SELECT *, LAG(month) OVER (PARTITION BY model, usr ORDER BY month) AS before
    FROM months
)
SELECT model, month AS cohort, COUNT(*) AS users
FROM marked
WHERE before IS NULL OR before < month - INTERVAL 1 MONTH
GROUP BY model, month
ORDER BY model, cohort
