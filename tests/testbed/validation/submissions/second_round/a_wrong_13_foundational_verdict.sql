-- question: foundational_verdict
-- model: author/slug
WITH g AS (
    SELECT COALESCE(NULLIF(user_id, ''), account_id) AS uid,
           model,
           created_at AT TIME ZONE 'UTC' AS ts
    FROM generations
),
span AS (SELECT MIN(ts)::DATE AS d0, MAX(ts)::DATE AS d1 FROM g),
horizon AS (
    SELECT year(d1) * 12 + month(d1) - CASE WHEN d1 = last_day(d1) THEN 0 ELSE 1 END AS last_m FROM span
),
act AS (
    SELECT DISTINCT uid, year(ts) * 12 + month(ts) AS m
    FROM g WHERE model = 'author/slug' AND uid IS NOT NULL
),
coh AS (SELECT uid, MIN(m) AS c FROM act GROUP BY uid),
tri AS (
    SELECT coh.c, r.k, COUNT(act.uid) / COUNT(*) AS rate
    FROM coh
    CROSS JOIN horizon
    CROSS JOIN (VALUES (3), (4), (5)) r(k)
    LEFT JOIN act ON act.uid = coh.uid AND act.m = coh.c + r.k
    WHERE coh.c + r.k <= last_m
    GROUP BY coh.c, r.k
),
launch AS (
    SELECT MIN(coh.c) AS c
    FROM coh, span, models
    WHERE models.model = 'author/slug'
      AND models.released::DATE >= span.d0
      AND coh.c >= year(models.released::DATE) * 12 + month(models.released::DATE)
),
not_apart AS (          -- cohorts with a later one too near, at any of the three ages
    SELECT DISTINCT a.c
    FROM tri a JOIN tri b ON b.k = a.k AND b.c > a.c
    WHERE a.rate - b.rate < 0.10
)
SELECT
    make_date((r5.c - 1) // 12, (r5.c - 1) % 12 + 1, 1) AS cohort,
    COALESCE(r5.c IN (launch.c, launch.c + 1), FALSE)
        AND r5.rate >= 0.30
        AND r5.rate >= 0.80 * r3.rate
        AND r5.c NOT IN (SELECT c FROM not_apart)       AS foundational
FROM tri r5
JOIN tri r3 ON r3.c = r5.c AND r3.k = 3
CROSS JOIN launch
WHERE r5.k = 5
ORDER BY cohort;
