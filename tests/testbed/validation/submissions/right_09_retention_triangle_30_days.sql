-- question: retention_triangle_30_days
-- model: author/slug
WITH mine AS (
    SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS who, epoch_ms(created_at) AS ms
    FROM generations WHERE model = 'author/slug'
),
firsts AS (
    SELECT who, min(ms) AS first_ms, date_trunc('month', make_timestamp(min(ms) * 1000))::DATE AS cohort
    FROM mine WHERE who IS NOT NULL GROUP BY who
),
sizes AS (SELECT cohort, count(*) AS users FROM firsts GROUP BY cohort),
log_end AS (SELECT (max(created_at) AT TIME ZONE 'UTC')::DATE + 1 AS after_last FROM generations),
grid AS (
    SELECT cohort, users, unnest(generate_series(0, 200)) AS k FROM sizes
),
active AS (
    SELECT f.cohort, (m.ms - f.first_ms) // 2592000000 AS k, count(DISTINCT f.who) AS active
    FROM mine m JOIN firsts f ON f.who = m.who
    GROUP BY 1, 2
)
SELECT g.cohort, g.k, g.users, coalesce(a.active, 0) AS active, coalesce(a.active, 0) / g.users AS retention
FROM grid g CROSS JOIN log_end e
LEFT JOIN active a ON a.cohort = g.cohort AND a.k = g.k
WHERE (g.cohort + INTERVAL 1 MONTH)::DATE + CAST(30 * (g.k + 1) AS INTEGER) <= e.after_last
ORDER BY 1, 2
