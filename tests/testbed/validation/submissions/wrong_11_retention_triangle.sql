-- question: retention_triangle
-- model: author/slug
WITH version AS (
    SELECT model_permaslug FROM models WHERE model = 'author/slug'
),
u AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations JOIN version USING (model_permaslug)
),
b AS (
    SELECT who, min(month) AS cohort FROM u WHERE who IS NOT NULL GROUP BY 1
),
n AS (
    SELECT cohort, count(*) AS users FROM b GROUP BY 1
),
e AS (
    SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS open_month FROM generations
),
grid AS (
    SELECT n.*, unnest(range(0, date_diff('month', n.cohort, e.open_month))) AS k FROM n, e
)
SELECT g.cohort, g.k, g.users, count(u.who) AS active, count(u.who) / g.users AS retention
FROM grid g
JOIN b ON b.cohort = g.cohort
LEFT JOIN u ON u.who = b.who AND date_diff('month', g.cohort, u.month) = g.k
GROUP BY g.cohort, g.k, g.users
ORDER BY 1, 2
