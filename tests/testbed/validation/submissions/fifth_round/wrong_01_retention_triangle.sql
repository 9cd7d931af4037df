-- question: retention_triangle
-- model: author/slug
WITH last_day AS (
  SELECT CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) AS d FROM generations
), bound AS (
  -- last complete month: the month of d only when d is its last day
  SELECT CAST(date_trunc('month', d + 1) - INTERVAL 1 MONTH AS DATE) AS last_month FROM last_day
), act AS (
  SELECT DISTINCT
    coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
    CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) AS month
  FROM generations
  WHERE model = 'author/slug'
), first_use AS (
  SELECT usr, min(month) AS cohort FROM act WHERE usr IS NOT NULL GROUP BY usr
), sizes AS (
  SELECT cohort, count(*) AS users FROM first_use GROUP BY cohort
)
SELECT f.cohort,
       date_diff('month', f.cohort, a.month) AS k,
       s.users,
       count(DISTINCT a.usr) AS active,
       count(DISTINCT a.usr) / CAST(s.users AS DOUBLE) AS retention
FROM first_use f
JOIN act a ON a.usr = f.usr
JOIN sizes s ON s.cohort = f.cohort
CROSS JOIN bound b
WHERE a.month <= b.last_month
GROUP BY f.cohort, k, s.users
ORDER BY f.cohort, k
