-- question: mean_retention_by_k
-- model: author/slug
-- dialect: postgres
WITH g AS (
    SELECT
        COALESCE(NULLIF(user_id, ''), account_id) AS uid,
        model,
        (created_at AT TIME ZONE 'UTC')           AS ts
    FROM generations
),
log_end AS (
    SELECT MAX(ts) AS t FROM g
),
last_full AS (
    SELECT
        (EXTRACT(YEAR FROM t) * 12 + EXTRACT(MONTH FROM t))::int
        - CASE WHEN EXTRACT(DAY FROM t + INTERVAL '1 day') = 1 THEN 0 ELSE 1 END AS m
    FROM log_end
),
months AS (
    SELECT DISTINCT uid, (EXTRACT(YEAR FROM ts) * 12 + EXTRACT(MONTH FROM ts))::int AS m
    FROM g
    WHERE model = 'author/slug' AND uid IS NOT NULL
),
cohort AS (
    SELECT uid, MIN(m) AS c FROM months GROUP BY uid
),
cells AS (
    SELECT c.c, k.k, COUNT(DISTINCT c.uid) AS users, COUNT(DISTINCT a.uid) AS active
    FROM cohort c
    CROSS JOIN last_full lf
    CROSS JOIN generate_series(0, 240) AS k(k)
    LEFT JOIN months a ON a.uid = c.uid AND a.m = c.c + k.k
    WHERE c.c + k.k <= lf.m
    GROUP BY c.c, k.k
)
SELECT k, AVG(active / users) AS retention
FROM cells
GROUP BY k
ORDER BY k;
