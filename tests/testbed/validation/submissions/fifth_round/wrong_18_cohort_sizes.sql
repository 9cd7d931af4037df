-- question: cohort_sizes
-- dialect: snowflake
WITH g AS (
  SELECT COALESCE(NULLIF(user_id, ''), NULLIF(account_id, '')) AS usr,
         model, model_permaslug,
         CONVERT_TIMEZONE('UTC', created_at) AS ts
  FROM generations
)
SELECT model, CAST(DATE_TRUNC('month', ts) AS DATE) AS cohort, COUNT(*) AS users
FROM (
  SELECT usr, model, ts
  FROM g
  WHERE usr IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY usr, model, model_permaslug ORDER BY ts) = 1
)
GROUP BY 1, 2
ORDER BY 1, 2
