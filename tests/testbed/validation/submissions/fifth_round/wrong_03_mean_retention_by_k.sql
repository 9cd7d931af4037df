-- question: mean_retention_by_k
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
), sizes AS (
  SELECT cohort, count(*) AS users FROM first_use GROUP BY cohort
), grid AS (
  SELECT cohort, users, unnest(generate_series(0, date_diff('month', cohort, last_month))) AS k
  FROM sizes, bound
  WHERE cohort <= last_month
), came AS (
  SELECT f.cohort, date_diff('month', f.cohort, a.month) AS k, count(*) AS active
  FROM act a JOIN first_use f USING (usr)
  GROUP BY 1, 2
)
SELECT k, sum(coalesce(active, 0)) / CAST(sum(users) AS DOUBLE) AS retention
FROM grid LEFT JOIN came USING (cohort, k)
GROUP BY k
ORDER BY k
