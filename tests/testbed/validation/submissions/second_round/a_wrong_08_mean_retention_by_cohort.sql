-- question: mean_retention_by_cohort
-- model: author/slug
WITH ev AS (
    SELECT coalesce(nullif(user_id, ''), account_id) AS u,
           model,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS m
    FROM generations
), horizon AS (
    SELECT max(m) AS last_m FROM ev
), act AS (
    SELECT DISTINCT u, m FROM ev WHERE model = 'author/slug' AND u IS NOT NULL
), coh AS (
    SELECT u, min(m) AS cohort FROM act GROUP BY ALL
), tri AS (
    SELECT coh.cohort,
           k.k,
           count(act.u) / count(coh.u)::DOUBLE AS retention
    FROM coh
    CROSS JOIN horizon
    CROSS JOIN LATERAL (SELECT unnest(range(0, datediff('month', coh.cohort, horizon.last_m) + 1)) AS k) k
    LEFT JOIN act ON act.u = coh.u AND act.m = coh.cohort + to_months(k.k::INTEGER)
    GROUP BY coh.cohort, k.k
)
SELECT cohort, avg(retention) AS retention
FROM tri
GROUP BY cohort
HAVING max(k) >= 1
ORDER BY cohort;
