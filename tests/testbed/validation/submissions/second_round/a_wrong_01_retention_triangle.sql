-- question: retention_triangle
-- model: author/slug
WITH base AS (
    SELECT
        COALESCE(user_id, account_id)      AS usr,
        created_at AT TIME ZONE 'UTC'      AS ts,
        model
    FROM generations
),
log_end AS (
    SELECT CAST(MAX(ts) AS DATE) AS last_day_seen FROM base
),
last_month AS (
    SELECT CAST(CASE WHEN LAST_DAY(last_day_seen) = last_day_seen
                THEN DATE_TRUNC('month', last_day_seen)
                ELSE DATE_TRUNC('month', last_day_seen) - INTERVAL 1 MONTH END AS DATE) AS m
    FROM log_end
),
activity AS (
    SELECT DISTINCT usr, CAST(DATE_TRUNC('month', ts) AS DATE) AS m
    FROM base
    WHERE model = 'author/slug' AND usr IS NOT NULL
),
first_use AS (
    SELECT usr, MIN(m) AS cohort FROM activity GROUP BY usr
),
sizes AS (
    SELECT cohort, COUNT(*) AS users FROM first_use GROUP BY cohort
),
grid AS (
    SELECT s.cohort, s.users, CAST(r.k AS INTEGER) AS k
    FROM sizes s
    CROSS JOIN last_month lm
    CROSS JOIN range(0, 240) r(k)
    WHERE r.k <= DATEDIFF('month', s.cohort, lm.m)
),
hits AS (
    SELECT f.cohort, DATEDIFF('month', f.cohort, a.m) AS k, COUNT(*) AS active
    FROM first_use f JOIN activity a USING (usr)
    GROUP BY 1, 2
)
SELECT g.cohort, g.k, g.users,
       COALESCE(h.active, 0)                     AS active,
       COALESCE(h.active, 0)::DOUBLE / g.users   AS retention
FROM grid g LEFT JOIN hits h ON h.cohort = g.cohort AND h.k = g.k
ORDER BY 1, 2;
