-- question: retention_triangle
-- model: author/slug
WITH log AS (
    SELECT model,
           COALESCE(NULLIF(user_id, ''), account_id) AS usr,
           timezone('UTC', created_at) AS ts
    FROM generations
),
-- first month that is not complete: the month of the day after the log's last one
span AS (
    SELECT date_trunc('month', max(ts)::DATE + 1)::DATE AS open_month FROM log
),
use AS (
    SELECT usr,
           (year(ts) * 12 + month(ts) - 1) AS n,
           min(year(ts) * 12 + month(ts) - 1) OVER (PARTITION BY usr) AS c
    FROM log
    WHERE model = 'author/slug' AND usr IS NOT NULL
),
sizes AS (
    SELECT c, count(DISTINCT usr) AS users FROM use GROUP BY c
),
ends AS (
    SELECT year(open_month) * 12 + month(open_month) - 2 AS last_n FROM span
),
grid AS (
    SELECT c, users, unnest(range(0, last_n - c + 1)) AS k FROM sizes, ends
)
SELECT make_date(g.c // 12, g.c % 12 + 1, 1) AS cohort,
       g.k,
       g.users,
       count(DISTINCT u.usr) AS active,
       count(DISTINCT u.usr) / g.users AS retention
FROM grid g
LEFT JOIN use u ON u.c = g.c AND u.n = g.c + g.k
GROUP BY g.c, g.k, g.users
ORDER BY cohort, k
