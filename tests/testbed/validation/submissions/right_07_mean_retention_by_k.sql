-- question: mean_retention_by_k
-- model: author/slug
-- dialect: snowflake
WITH base AS (
    SELECT NVL(NULLIF(user_id, ''), NULLIF(account_id, '')) AS uid,
           model,
           CONVERT_TIMEZONE('UTC', created_at)::DATE AS d
    FROM generations
),
edge AS (
    SELECT IFF(MAX(d) = LAST_DAY(MAX(d)), DATE_TRUNC('MONTH', MAX(d)), DATEADD('month', -1, DATE_TRUNC('MONTH', MAX(d))))::DATE AS last_m
    FROM base
),
um AS (
    SELECT uid, DATE_TRUNC('MONTH', d)::DATE AS m,
           MIN(DATE_TRUNC('MONTH', d)::DATE) OVER (PARTITION BY uid) AS cohort
    FROM base
    WHERE model = 'author/slug' AND uid IS NOT NULL
    QUALIFY ROW_NUMBER() OVER (PARTITION BY uid, DATE_TRUNC('MONTH', d)::DATE ORDER BY d) = 1
),
sz AS (SELECT cohort, COUNT(DISTINCT uid) AS n FROM um GROUP BY cohort),
ks AS (SELECT ROW_NUMBER() OVER (ORDER BY SEQ4()) - 1 AS k FROM TABLE(GENERATOR(ROWCOUNT => 120))),
tri AS (
    SELECT sz.cohort, ks.k, sz.n, COUNT(um.uid) AS a
    FROM sz
    CROSS JOIN edge
    JOIN ks ON ks.k BETWEEN 0 AND DATEDIFF('month', sz.cohort, edge.last_m)
    LEFT JOIN um ON um.cohort = sz.cohort AND DATEDIFF('month', um.cohort, um.m) = ks.k
    GROUP BY sz.cohort, ks.k, sz.n
)
SELECT k, AVG(a::FLOAT / n) AS retention
FROM tri
GROUP BY k
ORDER BY k
