-- question: retention_triangle
-- model: author/slug
-- dialect: snowflake
WITH base AS (
    SELECT NVL(NULLIF(user_id, ''), account_id) AS uid, model, CONVERT_TIMEZONE('UTC', created_at)::DATE AS d
    FROM generations
),
edge AS (
    SELECT DATE_TRUNC('MONTH', DATEADD('day', 1, MAX(d)))::DATE AS open_m FROM base
),
um AS (
    SELECT uid, DATE_TRUNC('MONTH', d)::DATE AS m FROM base WHERE model = 'author/slug' AND uid IS NOT NULL GROUP BY 1, 2
),
co AS (SELECT uid, MIN(m) AS cohort FROM um GROUP BY uid),
sz AS (SELECT cohort, COUNT(*) AS users FROM co GROUP BY cohort),
ks AS (SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) - 1 AS k FROM TABLE(GENERATOR(ROWCOUNT => 120))),
tri AS (
    SELECT sz.cohort, ks.k, sz.users, COUNT(um.uid) AS active
    FROM sz
    CROSS JOIN edge
    JOIN ks ON ks.k < DATEDIFF('month', sz.cohort, edge.open_m)
    JOIN co ON co.cohort = sz.cohort
    LEFT JOIN um ON um.uid = co.uid AND DATEDIFF('month', sz.cohort, um.m) = ks.k
    GROUP BY 1, 2, 3
)
SELECT cohort, k, users, active,
       NVL(DIV0(active::FLOAT, LAG(active) OVER (PARTITION BY cohort ORDER BY k)), 1) AS retention
FROM tri
ORDER BY cohort, k
