-- question: launch_contrast
-- model: author/slug
WITH ends AS (
  SELECT CAST(min(created_at AT TIME ZONE 'UTC') AS DATE) AS first_day,
         CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) AS last_day
  FROM generations
), bound AS (
  SELECT first_day, CAST(date_trunc('month', last_day + 1) - INTERVAL 1 MONTH AS DATE) AS last_month FROM ends
), act AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) AS month
  FROM generations
  WHERE model = 'author/slug'
    AND coalesce(nullif(user_id, ''), nullif(account_id, '')) IS NOT NULL
), first_use AS (
  SELECT usr, min(month) AS cohort FROM act GROUP BY usr
), sizes AS (
  SELECT cohort, count(*) AS users FROM first_use GROUP BY cohort
), launch AS (
  SELECT min(s.cohort) AS month
  FROM sizes s, models m, bound b
  WHERE m.model = 'author/slug'
    AND CAST(m.released AS DATE) >= b.first_day
    AND s.cohort >= date_trunc('month', CAST(m.released AS DATE))
), grid AS (
  SELECT s.cohort, s.users, v.k
  FROM sizes s, bound b, (VALUES (3), (4), (5)) AS v(k)
  WHERE date_diff('month', s.cohort, b.last_month) >= v.k
), tri AS (
  SELECT g.cohort, g.k, g.users, count(a.usr) AS active
  FROM grid g
  JOIN first_use f ON f.cohort = g.cohort
  LEFT JOIN act a ON a.usr = f.usr AND date_diff('month', g.cohort, a.month) = g.k
  GROUP BY 1, 2, 3
)
SELECT t.k,
       max(t.active / CAST(t.users AS DOUBLE)) FILTER (WHERE t.cohort = l.month) AS launch,
       sum(t.active) FILTER (WHERE t.cohort > l.month)
         / CAST(sum(t.users) FILTER (WHERE t.cohort > l.month) AS DOUBLE) AS later
FROM tri t CROSS JOIN launch l
GROUP BY t.k
HAVING count(*) FILTER (WHERE t.cohort = l.month) > 0
ORDER BY t.k
