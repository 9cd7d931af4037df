-- question: retention_triangle_every_month
-- model: author/slug
WITH um AS (
    SELECT coalesce(nullif(user_id, ''), account_id) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month,
           bool_or(model = 'author/slug') AS used_it
    FROM generations
    GROUP BY 1, 2
),
began AS (
    SELECT who, min(month) AS cohort FROM um WHERE used_it AND who IS NOT NULL GROUP BY who
),
islands AS (
    SELECT b.who, b.cohort,
           date_diff('month', b.cohort, um.month) AS k,
           row_number() OVER (PARTITION BY b.who ORDER BY um.month) - 1 AS nth
    FROM began b JOIN um ON um.who = b.who AND um.month >= b.cohort
),
runs AS (
    SELECT who, cohort, max(k) FILTER (WHERE k = nth) AS unbroken FROM islands GROUP BY 1, 2
),
edge AS (
    SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS open_month FROM generations
)
SELECT cohort, k, count(*) AS users, count(*) FILTER (WHERE unbroken >= k) AS active,
       count(*) FILTER (WHERE unbroken >= k) / count(*) AS retention
FROM runs, edge, range(0, 240) AS s(k)
WHERE k < date_diff('month', cohort, open_month)
GROUP BY cohort, k
ORDER BY cohort, k
