-- question: foundational_verdict
-- model: author/slug
-- Fractions are compared crosswise as whole numbers, so that 0.30 or a distance of 0.10 is met exactly.
WITH u AS (
    SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS who,
           date_trunc('month', created_at AT TIME ZONE 'UTC')::DATE AS month
    FROM generations WHERE model = 'author/slug'
),
c AS (SELECT who, min(month) AS cohort FROM u WHERE who IS NOT NULL GROUP BY who),
n AS (SELECT cohort, count(*) AS users FROM c GROUP BY cohort),
edge AS (
    SELECT date_trunc('month', (max(created_at) AT TIME ZONE 'UTC')::DATE + 1)::DATE AS open_month,
           (min(created_at) AT TIME ZONE 'UTC')::DATE AS first_day
    FROM generations
),
r AS (
    SELECT n.cohort, s.k, n.users,
           (SELECT count(*) FROM c JOIN u USING (who)
             WHERE c.cohort = n.cohort AND u.month = n.cohort + to_months(CAST(s.k AS INTEGER))) AS active
    FROM n, edge, (VALUES (3), (4), (5)) AS s(k)
    WHERE (n.cohort + to_months(CAST(s.k AS INTEGER)))::DATE < edge.open_month
),
launch AS (
    SELECT min(n.cohort) AS month
    FROM models AS m, edge, n
    WHERE m.model = 'author/slug' AND m.released >= edge.first_day AND n.cohort >= date_trunc('month', m.released)
),
apart AS (
    SELECT a.cohort, a.k,
           count(b.cohort) > 0 AND bool_and(10 * (a.active * b.users - b.active * a.users) >= a.users * b.users) AS ok
    FROM r AS a LEFT JOIN r AS b ON b.k = a.k AND b.cohort > a.cohort
    GROUP BY a.cohort, a.k
)
SELECT r5.cohort,
       coalesce(
           r5.cohort IN (launch.month, (launch.month + INTERVAL 1 MONTH)::DATE)
           AND 10 * r5.active >= 3 * r5.users
           AND 5 * r5.active >= 4 * r3.active
           AND (SELECT bool_and(coalesce(ok, false)) FROM apart WHERE apart.cohort = r5.cohort),
           false) AS foundational
FROM r AS r5
JOIN r AS r3 ON r3.cohort = r5.cohort AND r3.k = 3
CROSS JOIN launch
WHERE r5.k = 5
ORDER BY 1
