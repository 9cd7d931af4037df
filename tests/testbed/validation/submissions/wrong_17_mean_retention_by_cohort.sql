-- question: mean_retention_by_cohort
-- model: author/slug
-- dialect: snowflake
WITH um AS (
    SELECT DISTINCT NVL(NULLIF(user_id, ''), account_id) AS uid,
           DATE_TRUNC('MONTH', CONVERT_TIMEZONE('UTC', created_at))::DATE AS m
    FROM generations
    WHERE model = 'author/slug'
),
co AS (SELECT uid, MIN(m) AS cohort FROM um WHERE uid IS NOT NULL GROUP BY uid),
edge AS (
    SELECT DATE_TRUNC('MONTH', DATEADD('day', 1, MAX(CONVERT_TIMEZONE('UTC', created_at)::DATE)))::DATE AS open_m
    FROM generations
),
ks AS (SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) - 1 AS k FROM TABLE(GENERATOR(ROWCOUNT => 120))),
tri AS (
    SELECT co.cohort, ks.k, COUNT(um.uid)::FLOAT / COUNT(*) AS retention
    FROM co
    CROSS JOIN edge
    JOIN ks ON ks.k < DATEDIFF('month', co.cohort, edge.open_m)
    LEFT JOIN um ON um.uid = co.uid AND DATEDIFF('month', co.cohort, um.m) = ks.k
    GROUP BY 1, 2
)
SELECT cohort, AVG(retention) AS retention
FROM tri
GROUP BY cohort
HAVING COUNT(*) > 1
ORDER BY cohort
