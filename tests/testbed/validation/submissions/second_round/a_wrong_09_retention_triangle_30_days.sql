-- question: retention_triangle_30_days
-- model: author/slug
-- dialect: snowflake
WITH RECURSIVE ks AS (
    SELECT 0 AS k
    UNION ALL
    SELECT k + 1 FROM ks WHERE k < 100
),
g AS (
    SELECT
        COALESCE(NULLIF(user_id, ''), account_id)        AS uid,
        model,
        CONVERT_TIMEZONE('UTC', created_at)::TIMESTAMP_NTZ AS ts
    FROM generations
),
log_end AS (
    SELECT DATEADD('day', 1, MAX(ts)::DATE) AS end_date FROM g
),
first_use AS (
    SELECT uid, MIN(ts) AS first_ts, DATE_TRUNC('month', MIN(ts))::DATE AS cohort
    FROM g
    WHERE model = 'author/slug' AND uid IS NOT NULL
    GROUP BY uid
),
windows AS (
    SELECT DISTINCT
        f.cohort,
        f.uid,
        FLOOR(DATEDIFF('day', f.first_ts, g.ts) / 30) AS k
    FROM first_use f
    JOIN g ON g.uid = f.uid AND g.model = 'author/slug'
),
sizes AS (
    SELECT cohort, COUNT(*) AS users FROM first_use GROUP BY cohort
),
cells AS (
    SELECT s.cohort, s.users, ks.k
    FROM sizes s
    CROSS JOIN ks
    CROSS JOIN log_end e
    WHERE DATEADD('day', 30 * (ks.k + 1), DATEADD('month', 1, s.cohort)) <= e.end_date
)
SELECT
    c.cohort,
    c.k,
    c.users,
    COUNT(w.uid)                  AS active,
    COUNT(w.uid)::FLOAT / c.users AS retention
FROM cells c
LEFT JOIN windows w ON w.cohort = c.cohort AND w.k = c.k
GROUP BY c.cohort, c.k, c.users
ORDER BY c.cohort, c.k;
