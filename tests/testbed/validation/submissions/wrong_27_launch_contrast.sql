-- question: launch_contrast
-- model: author/slug
-- dialect: snowflake
WITH um AS (
    SELECT DISTINCT NVL(NULLIF(user_id, ''), account_id) AS uid,
           DATE_TRUNC('MONTH', CONVERT_TIMEZONE('UTC', created_at))::DATE AS m
    FROM generations
    WHERE model = 'author/slug'
),
co AS (SELECT uid, MIN(m) AS cohort FROM um WHERE uid IS NOT NULL GROUP BY uid),
sz AS (SELECT cohort, COUNT(*) AS n FROM co GROUP BY cohort),
edge AS (
    SELECT DATE_TRUNC('MONTH', DATEADD('day', 1, MAX(CONVERT_TIMEZONE('UTC', created_at)::DATE)))::DATE AS open_m,
           MIN(CONVERT_TIMEZONE('UTC', created_at)::DATE) AS first_d
    FROM generations
),
lm AS (
    SELECT MIN(sz.cohort) AS launch
    FROM sz
    CROSS JOIN edge
    JOIN models mo ON mo.model = 'author/slug'
    WHERE mo.released >= edge.first_d AND sz.cohort >= DATE_TRUNC('MONTH', mo.released)
),
cell AS (
    SELECT co.cohort, DATEDIFF('month', co.cohort, um.m) AS k, COUNT(*)::FLOAT / MAX(sz.n) AS r
    FROM co
    JOIN um ON um.uid = co.uid
    JOIN sz ON sz.cohort = co.cohort
    CROSS JOIN edge
    WHERE um.m < edge.open_m AND DATEDIFF('month', co.cohort, um.m) IN (3, 4, 5)
    GROUP BY 1, 2
)
SELECT a.k, a.r AS launch, AVG(b.r) AS later
FROM lm
JOIN cell a ON a.cohort = lm.launch
LEFT JOIN cell b ON b.k = a.k AND DATEDIFF('month', lm.launch, b.cohort) >= 2
GROUP BY a.k, a.r
ORDER BY a.k
