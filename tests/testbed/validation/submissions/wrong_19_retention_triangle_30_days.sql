-- question: retention_triangle_30_days
-- model: author/slug
WITH mine AS (
    SELECT coalesce(nullif(user_id, ''), account_id) AS who, created_at AT TIME ZONE 'UTC' AS ts
    FROM generations WHERE model = 'author/slug'
),
firsts AS (
    SELECT who, date_trunc('month', min(ts)) AS cohort FROM mine WHERE who IS NOT NULL GROUP BY who
),
sizes AS (SELECT cohort, count(*) AS users FROM firsts GROUP BY cohort),
log_end AS (SELECT (max(created_at) AT TIME ZONE 'UTC')::DATE + 1 AS after_last FROM generations),
active AS (
    SELECT f.cohort, date_diff('day', f.cohort, m.ts) // 30 AS k, count(DISTINCT f.who) AS active
    FROM mine m JOIN firsts f ON f.who = m.who
    GROUP BY 1, 2
),
grid AS (SELECT cohort, users, unnest(range(0, 200)) AS k FROM sizes)
SELECT g.cohort::DATE AS cohort, g.k, g.users, coalesce(a.active, 0) AS active, coalesce(a.active, 0) / g.users AS retention
FROM grid g CROSS JOIN log_end e
LEFT JOIN active a ON a.cohort = g.cohort AND a.k = g.k
WHERE (g.cohort + INTERVAL 1 MONTH)::DATE + CAST(30 * (g.k + 1) AS INTEGER) <= e.after_last
ORDER BY 1, 2
