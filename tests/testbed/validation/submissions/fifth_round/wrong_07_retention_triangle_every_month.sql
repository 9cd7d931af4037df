-- question: retention_triangle_every_month
-- model: author/slug
WITH bound AS (
  SELECT CAST(date_trunc('month', CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) + 1) - INTERVAL 1 MONTH AS DATE) AS last_month
  FROM generations
), act AS (
  SELECT DISTINCT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) AS month
  FROM generations, bound
  WHERE model = 'author/slug'
    AND coalesce(nullif(user_id, ''), nullif(account_id, '')) IS NOT NULL
    AND CAST(date_trunc('month', created_at AT TIME ZONE 'UTC') AS DATE) <= last_month
), numbered AS (
  SELECT usr, month,
         year(month) * 12 + month(month) - row_number() OVER (PARTITION BY usr ORDER BY month) AS island
  FROM act
), runs AS (
  SELECT usr, island, min(month) AS began, count(*) AS len
  FROM numbered
  GROUP BY usr, island
), streak AS (
  SELECT usr, min(began) AS cohort, max(len) AS len
  FROM runs
  GROUP BY usr
), cells AS (
  SELECT cohort, len, unnest(generate_series(0, date_diff('month', cohort, last_month))) AS k
  FROM streak, bound
)
SELECT cohort, k,
       count(*) AS users,
       count(*) FILTER (WHERE len > k) AS active,
       count(*) FILTER (WHERE len > k) / CAST(count(*) AS DOUBLE) AS retention
FROM cells
GROUP BY cohort, k
ORDER BY cohort, k
