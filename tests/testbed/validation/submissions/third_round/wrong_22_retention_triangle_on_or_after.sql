-- question: retention_triangle_on_or_after
-- model: author/slug
-- dialect: snowflake
WITH log AS (
    SELECT model,
           COALESCE(NULLIF(user_id, ''), account_id) AS usr,
           CONVERT_TIMEZONE('UTC', created_at) AS ts
    FROM generations
),
span AS (
    SELECT IFF(LAST_DAY(MAX(ts)::DATE) = MAX(ts)::DATE,
               DATE_TRUNC('month', MAX(ts)::DATE),
               DATEADD('month', -1, DATE_TRUNC('month', MAX(ts)::DATE))) AS last_month
    FROM log
),
months AS (
    SELECT DISTINCT usr, DATE_TRUNC('month', ts::DATE) AS month
    FROM log
    WHERE model = 'author/slug' AND usr IS NOT NULL
),
cohorts AS (
    SELECT usr, MIN(month) AS cohort FROM months GROUP BY usr
),
sizes AS (
    SELECT cohort, COUNT(*) AS users FROM cohorts GROUP BY cohort
),
ks AS (
    SELECT DISTINCT DATEDIFF('month', a.cohort, b.month) AS k
    FROM (SELECT MIN(cohort) AS cohort FROM cohorts) a
    CROSS JOIN (SELECT DATE_TRUNC('month', ts::DATE) AS month FROM log) b
    WHERE b.month >= a.cohort
),
monthly AS (
    SELECT c.cohort, DATEDIFF('month', c.cohort, m.month) AS k, COUNT(DISTINCT c.usr) AS active
    FROM cohorts c
    JOIN months m ON m.usr = c.usr
    GROUP BY 1, 2
),
cells AS (
    SELECT s.cohort, ks.k, s.users, COALESCE(mo.active, 0) AS active
    FROM sizes s
    CROSS JOIN ks
    CROSS JOIN span
    LEFT JOIN monthly mo ON mo.cohort = s.cohort AND mo.k = ks.k
    WHERE DATEADD('month', ks.k, s.cohort) <= span.last_month
),
unbounded AS (
    SELECT cohort, k, users,
           MAX(active) OVER (PARTITION BY cohort ORDER BY k
                             ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS active
    FROM cells
)
SELECT cohort, k, users, active, active / users AS retention
FROM unbounded
ORDER BY cohort, k
