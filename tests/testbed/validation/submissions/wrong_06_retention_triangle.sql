-- question: retention_triangle
-- model: author/slug
-- dialect: spark
WITH r AS (
  SELECT nvl(nullif(user_id, ''), account_id) AS uid,
         CAST(date_trunc('MONTH', convert_timezone('UTC', created_at)) AS DATE) AS m
  FROM generations
  WHERE model = 'author/slug'
),
c AS (
  SELECT uid, min(m) AS cohort FROM r WHERE uid IS NOT NULL GROUP BY uid
),
s AS (
  SELECT cohort, count(*) AS users FROM c GROUP BY cohort
),
a AS (
  SELECT c.cohort, (month(r.m) - month(c.cohort) + 12) % 12 AS k, count(DISTINCT r.uid) AS active
  FROM r JOIN c ON c.uid = r.uid
  GROUP BY 1, 2
),
e AS (
  SELECT CAST(max(convert_timezone('UTC', created_at)) AS DATE) AS last_day FROM generations
),
g AS (
  SELECT s.cohort, s.users, t.k
  FROM s LATERAL VIEW explode(sequence(0, 36)) t AS k
)
SELECT g.cohort, g.k, g.users, coalesce(a.active, 0) AS active, coalesce(a.active, 0) / g.users AS retention
FROM g
CROSS JOIN e
LEFT JOIN a ON a.cohort = g.cohort AND a.k = g.k
WHERE last_day(add_months(g.cohort, g.k)) <= e.last_day
ORDER BY 1, 2
