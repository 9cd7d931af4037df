-- question: launch_contrast
-- model: author/slug
WITH u AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations WHERE model = 'author/slug'
),
b AS (SELECT who, min(month) AS cohort FROM u WHERE who IS NOT NULL GROUP BY who),
e AS (
    SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS open_month,
           (min(created_at) AT TIME ZONE 'UTC')::DATE AS first_day
    FROM generations
),
tri AS (
    SELECT b.cohort, s.k, count(u.who) / count(*) AS r
    FROM b CROSS JOIN e CROSS JOIN (VALUES (3), (4), (5)) AS s(k)
    LEFT JOIN u ON u.who = b.who AND u.month = (b.cohort + to_months(s.k))::DATE
    WHERE (b.cohort + to_months(s.k))::DATE < e.open_month
    GROUP BY 1, 2
),
l AS (
    SELECT min(b.cohort) AS launch
    FROM models m, e, b
    WHERE m.model = 'author/slug' AND m.released >= e.first_day AND b.cohort >= date_trunc('month', m.released)
)
SELECT t.k,
       max(t.r) FILTER (WHERE t.cohort = l.launch) AS launch,
       avg(t.r) FILTER (WHERE t.cohort > l.launch) AS later
FROM tri t, l
GROUP BY t.k
HAVING count(*) FILTER (WHERE t.cohort = l.launch) > 0
ORDER BY 1
