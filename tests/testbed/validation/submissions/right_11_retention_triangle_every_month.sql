-- question: retention_triangle_every_month
-- model: author/slug
WITH um AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations
    WHERE model = 'author/slug' AND coalesce(nullif(user_id, ''), nullif(account_id, '')) IS NOT NULL
),
islands AS (
    -- k minus the number of months before it is 0 as long as there was no gap
    SELECT who,
           min(month) OVER (PARTITION BY who) AS cohort,
           date_diff('month', min(month) OVER (PARTITION BY who), month) AS k,
           row_number() OVER (PARTITION BY who ORDER BY month) - 1 AS before
    FROM um
),
runs AS (
    SELECT who, cohort, max(k) FILTER (WHERE k = before) AS unbroken FROM islands GROUP BY who, cohort
),
edge AS (
    SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS first_incomplete FROM generations
)
SELECT cohort, k, count(*) AS users, count(*) FILTER (WHERE unbroken >= k) AS active,
       avg((unbroken >= k)::INT) AS retention
FROM runs, edge, generate_series(0, 240) AS s(k)
WHERE k < date_diff('month', cohort, first_incomplete)
GROUP BY cohort, k
ORDER BY cohort, k
