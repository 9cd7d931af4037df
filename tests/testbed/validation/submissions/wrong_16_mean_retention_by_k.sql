-- question: mean_retention_by_k
-- model: author/slug
-- dialect: spark
WITH r AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), account_id) AS uid,
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
e AS (
  SELECT CAST(max(convert_timezone('UTC', created_at)) AS DATE) AS last_day FROM generations
),
cell AS (
  SELECT c.cohort,
         (year(r.m) - year(c.cohort)) * 12 + month(r.m) - month(c.cohort) AS k,
         count(*) / max(s.users) AS retention
  FROM r
  JOIN c ON c.uid = r.uid
  JOIN s ON s.cohort = c.cohort
  CROSS JOIN e
  WHERE last_day(r.m) <= e.last_day
  GROUP BY 1, 2
)
SELECT k, avg(retention) AS retention
FROM cell
GROUP BY k
ORDER BY k
