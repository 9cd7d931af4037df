-- question: mean_retention_by_cohort
-- model: author/slug
WITH bound AS (
  SELECT CAST(date_trunc('month', CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) + 1) - INTERVAL 1 MONTH AS DATE) AS last_month
  FROM generations
), act AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) AS month
  FROM generations
  WHERE model = 'author/slug'
    AND coalesce(nullif(user_id, ''), nullif(account_id, '')) IS NOT NULL
), first_use AS (
  SELECT usr, min(month) AS cohort FROM act GROUP BY usr
), per_month AS (
  SELECT f.cohort, a.month, count(*) AS active
  FROM act a JOIN first_use f USING (usr), bound
  WHERE a.month <= last_month
  GROUP BY 1, 2
), sizes AS (
  SELECT cohort, count(*) AS users FROM first_use GROUP BY cohort
)
-- mean over the months = sum of active over users x number of months
SELECT s.cohort,
       sum(p.active) / CAST(any_value(s.users) * (date_diff('month', s.cohort, any_value(b.last_month)) + 1) AS DOUBLE) AS retention
FROM sizes s
JOIN per_month p ON p.cohort = s.cohort
CROSS JOIN bound b
WHERE s.cohort < b.last_month
GROUP BY s.cohort
ORDER BY s.cohort
