-- question: retention_triangle_every_month
-- model: author/slug
-- Recursion: the survivors of k are those of k - 1 with a request in the next month.
WITH RECURSIVE
log_end AS (
    SELECT max(created_at AT TIME ZONE 'UTC')::DATE AS d FROM generations
),
last_month AS (
    SELECT (date_trunc('month', d + 1) - INTERVAL 1 MONTH)::DATE AS m FROM log_end
),
months AS (
    SELECT DISTINCT
           ifnull(nullif(user_id, ''), account_id)                     AS usr,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE    AS m
    FROM generations
    WHERE model = 'author/slug'
      AND ifnull(nullif(user_id, ''), account_id) IS NOT NULL
),
cohort_of AS (
    SELECT usr, min(m) AS cohort FROM months GROUP BY usr
),
alive AS (
    SELECT c.usr, c.cohort, 0 AS k
    FROM cohort_of c, last_month l
    WHERE c.cohort <= l.m
    UNION ALL
    SELECT a.usr, a.cohort, a.k + 1
    FROM alive a
    JOIN months n ON n.usr = a.usr
                 AND n.m = (a.cohort + to_months(a.k + 1))::DATE
    JOIN last_month l ON n.m <= l.m
),
grid AS (
    SELECT cohort, 0 AS k FROM (SELECT DISTINCT cohort FROM alive)
    UNION ALL
    SELECT g.cohort, g.k + 1
    FROM grid g, last_month l
    WHERE (g.cohort + to_months(g.k + 1))::DATE <= l.m
),
counted AS (
    SELECT cohort, k, count(*) AS n FROM alive GROUP BY cohort, k
)
SELECT g.cohort,
       g.k,
       s.n                                    AS users,
       ifnull(c.n, 0)                         AS active,
       ifnull(c.n, 0)::DOUBLE / s.n::DOUBLE   AS retention
FROM grid g
JOIN counted s ON s.cohort = g.cohort AND s.k = 0
LEFT JOIN counted c ON c.cohort = g.cohort AND c.k = g.k
ORDER BY g.cohort, g.k;
