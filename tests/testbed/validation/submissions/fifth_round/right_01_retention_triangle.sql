-- question: retention_triangle
-- model: author/slug
WITH RECURSIVE g AS (
  SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         model,
         created_at AT TIME ZONE 'UTC' AS ts
  FROM generations
),
stop AS (
  -- first month that is not complete
  SELECT CAST(date_trunc('month', CAST(max(ts) AS DATE) + 1) AS DATE) AS m FROM g
),
born AS (
  SELECT usr, CAST(date_trunc('month', min(ts)) AS DATE) AS cohort
  FROM g
  WHERE model = 'author/slug' AND usr IS NOT NULL
  GROUP BY usr
),
walk AS (
  SELECT usr, cohort, 0 AS k, cohort AS m_from FROM born, stop WHERE cohort < stop.m
  UNION ALL
  SELECT usr, cohort, k + 1, CAST(m_from + INTERVAL 1 MONTH AS DATE)
  FROM walk, stop
  WHERE m_from + INTERVAL 1 MONTH < stop.m
)
SELECT w.cohort,
       w.k,
       count(*) AS users,
       sum(CASE WHEN h.usr IS NULL THEN 0 ELSE 1 END) AS active,
       sum(CASE WHEN h.usr IS NULL THEN 0 ELSE 1 END) * 1.0 / count(*) AS retention
FROM walk w
LEFT JOIN (SELECT DISTINCT usr, CAST(date_trunc('month', ts) AS DATE) AS m
           FROM g WHERE model = 'author/slug') h
       ON h.usr = w.usr AND h.m = w.m_from
GROUP BY w.cohort, w.k
ORDER BY w.cohort, w.k
