-- question: retention_triangle_30_days
-- model: author/slug
-- dialect: postgres
WITH req AS (
    SELECT COALESCE(NULLIF(user_id, ''), account_id) AS usr,
           created_at AT TIME ZONE 'UTC' AS ts
    FROM generations
    WHERE model = 'author/slug'
      AND COALESCE(NULLIF(user_id, ''), account_id) IS NOT NULL
),
first_use AS (
    SELECT usr, MIN(ts) AS t0, CAST(date_trunc('month', MIN(ts)) AS date) AS cohort
    FROM req
    GROUP BY usr
),
log_end AS (
    SELECT date_trunc('day', MAX(created_at AT TIME ZONE 'UTC')) + INTERVAL '1 day' AS t_end
    FROM generations
),
sizes AS (
    SELECT cohort, COUNT(*) AS users FROM first_use GROUP BY cohort
),
grid AS (
    SELECT s.cohort, s.users, n.k
    FROM sizes s
    CROSS JOIN log_end e
    CROSS JOIN generate_series(0, 200) AS n(k)
    WHERE s.cohort + INTERVAL '1 month' + INTERVAL '30 days' * (n.k + 1) <= e.t_end
),
hits AS (
    SELECT f.cohort,
           (EXTRACT(EPOCH FROM r.ts - f.t0) / (30 * 24 * 3600))::int AS k,
           COUNT(DISTINCT r.usr) AS active
    FROM req r
    JOIN first_use f ON f.usr = r.usr
    GROUP BY 1, 2
)
SELECT g.cohort, g.k, g.users,
       COALESCE(h.active, 0) AS active,
       COALESCE(h.active, 0)::numeric / g.users AS retention
FROM grid g
LEFT JOIN hits h ON h.cohort = g.cohort AND h.k = g.k
ORDER BY g.cohort, g.k
