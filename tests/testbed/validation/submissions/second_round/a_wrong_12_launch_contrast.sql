-- question: launch_contrast
-- model: author/slug
WITH g AS (
    SELECT COALESCE(NULLIF(user_id, ''), account_id) AS uid,
           model,
           created_at AT TIME ZONE 'UTC' AS ts
    FROM generations
),
span AS (
    SELECT MIN(ts)::DATE AS d0, MAX(ts)::DATE AS d1 FROM g
),
horizon AS (
    SELECT (CASE WHEN d1 = last_day(d1) THEN date_trunc('month', d1)
                 ELSE date_trunc('month', d1) - INTERVAL 1 MONTH END)::DATE AS last_m
    FROM span
),
act AS (
    SELECT DISTINCT uid, date_trunc('month', ts)::DATE AS m
    FROM g WHERE model = 'author/slug' AND uid IS NOT NULL
),
coh AS (
    SELECT uid, MIN(m) AS cohort FROM act GROUP BY uid
),
tri AS (
    SELECT c.cohort, r.k,
           COUNT(*)     AS users,
           COUNT(a.uid) AS active,
           COUNT(a.uid) / COUNT(*) AS retention
    FROM coh c
    CROSS JOIN horizon h
    CROSS JOIN (VALUES (3), (4), (5)) r(k)
    LEFT JOIN act a ON a.uid = c.uid AND datediff('month', c.cohort, a.m) = r.k
    WHERE datediff('month', c.cohort, h.last_m) >= r.k
    GROUP BY c.cohort, r.k
),
launch AS (
    SELECT MIN(c.cohort) AS m
    FROM models md, span s, coh c
    WHERE md.model = 'author/slug'
      AND CAST(md.released AS DATE) >= s.d0
      AND c.cohort >= date_trunc('month', CAST(md.released AS DATE))
)
SELECT l.k,
       l.retention                         AS launch,
       SUM(t.active) / SUM(t.users)        AS later,
       l.retention - SUM(t.active) / SUM(t.users) AS difference
FROM launch
JOIN tri l ON l.cohort = launch.m
LEFT JOIN tri t ON t.k = l.k AND t.cohort > launch.m
GROUP BY l.k, l.retention
ORDER BY l.k;
