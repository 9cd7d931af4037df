-- question: retention_triangle
-- model: author/slug
-- dialect: postgres
WITH r1 AS (
    SELECT
        COALESCE(NULLIF(user_id, ''), account_id) AS usr,
        (created_at AT TIME ZONE 'UTC')           AS ts
    FROM generations
    WHERE model = 'author/slug'
),
bounds AS (
    SELECT
        CASE
            WHEN EXTRACT(DAY FROM MAX(ts) + INTERVAL '1 day') = 1
            THEN DATE_TRUNC('month', MAX(ts))
            ELSE DATE_TRUNC('month', MAX(ts)) - INTERVAL '1 month'
        END AS last_month
    FROM r1
),
months AS (
    SELECT DISTINCT
        usr,
        (EXTRACT(YEAR FROM ts) * 12 + EXTRACT(MONTH FROM ts) - 1)::int AS m
    FROM r1
    WHERE usr IS NOT NULL
),
cohorts AS (
    SELECT usr, MIN(m) AS c FROM months GROUP BY usr
),
sizes AS (
    SELECT c, COUNT(*) AS users FROM cohorts GROUP BY c
),
cells AS (
    SELECT s.c, s.users, gs.k
    FROM sizes s
    CROSS JOIN bounds b
    CROSS JOIN generate_series(0, 240) AS gs(k)
    WHERE s.c + gs.k <= (EXTRACT(YEAR FROM b.last_month) * 12 + EXTRACT(MONTH FROM b.last_month) - 1)::int
)
SELECT
    MAKE_DATE(x.c / 12, x.c % 12 + 1, 1)       AS cohort,
    x.k                                        AS k,
    x.users                                    AS users,
    COUNT(a.usr)                               AS active,
    COUNT(a.usr)::float8 / x.users             AS retention
FROM cells x
JOIN cohorts c ON c.c = x.c
LEFT JOIN months a ON a.usr = c.usr AND a.m = x.c + x.k
GROUP BY x.c, x.k, x.users
ORDER BY x.c, x.k;
