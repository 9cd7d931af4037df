-- question: cohort_sizes
WITH g AS (
  SELECT coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr,
         model,
         created_at AT TIME ZONE 'UTC' AS ts
  FROM generations
), firsts AS (
  SELECT usr, model, ts,
         row_number() OVER (PARTITION BY usr ORDER BY ts) AS rn
  FROM g
  WHERE usr IS NOT NULL
)
SELECT model,
       CAST(date_trunc('month', ts) AS DATE) AS cohort,
       count(*) AS users
FROM firsts
WHERE rn = 1
GROUP BY 1, 2
ORDER BY 1, 2
