-- question: cohort_sizes
-- dialect: bigquery
WITH firsts AS (
  SELECT
    COALESCE(NULLIF(user_id, ''), account_id) AS usr,
    model,
    created_at
  FROM generations
  WHERE COALESCE(NULLIF(user_id, ''), account_id) IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (
    PARTITION BY COALESCE(NULLIF(user_id, ''), account_id)
    ORDER BY created_at, generation_id
  ) = 1
)
SELECT
  model,
  DATE_TRUNC(DATE(created_at, 'UTC'), MONTH) AS cohort,
  COUNT(*) AS users
FROM firsts
GROUP BY model, cohort
ORDER BY model, cohort
