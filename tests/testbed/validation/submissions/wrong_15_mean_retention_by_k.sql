-- question: mean_retention_by_k
-- model: author/slug
WITH u AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations WHERE model = 'author/slug'
),
b AS (SELECT who, min(month) AS cohort FROM u WHERE who IS NOT NULL GROUP BY who),
e AS (SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS open_month FROM generations),
at_risk AS (
    SELECT b.who, b.cohort, unnest(range(0, date_diff('month', b.cohort, e.open_month))) AS k FROM b, e
)
SELECT r.k, count(u.who) / count(*) AS retention
FROM at_risk r
LEFT JOIN u ON u.who = r.who AND u.month = (r.cohort + to_months(r.k::INTEGER))::DATE
GROUP BY r.k
ORDER BY r.k
