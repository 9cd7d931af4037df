-- question: foundational_verdict
-- model: author/slug
WITH u AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations WHERE model = 'author/slug'
),
b AS (SELECT who, min(month) AS cohort FROM u WHERE who IS NOT NULL GROUP BY who),
e AS (SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS open_month FROM generations),
r AS (
    SELECT b.cohort, s.k, count(u.who) / count(*) AS r
    FROM b CROSS JOIN e CROSS JOIN (VALUES (1), (3), (4), (5)) AS s(k)
    LEFT JOIN u ON u.who = b.who AND u.month = (b.cohort + to_months(s.k))::DATE
    WHERE (b.cohort + to_months(s.k))::DATE < e.open_month
    GROUP BY 1, 2
),
lead AS (
    SELECT x.cohort, x.k, min(x.r - y.r) AS ahead
    FROM r x JOIN r y ON y.k = x.k AND y.cohort > x.cohort
    WHERE x.k >= 3
    GROUP BY 1, 2
)
SELECT r5.cohort,
       r5.r >= 0.30 AND r5.r >= 0.80 * r1.r
         AND (SELECT count(*) FROM lead WHERE lead.cohort = r5.cohort AND lead.ahead >= 0.0999999999) = 3 AS foundational
FROM r r5 JOIN r r1 ON r1.cohort = r5.cohort AND r1.k = 1
WHERE r5.k = 5
ORDER BY 1
