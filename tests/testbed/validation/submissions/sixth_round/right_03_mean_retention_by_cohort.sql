-- question: mean_retention_by_cohort
-- model: author/slug
-- sum over k >= 1 of active / users / number of months = active user-months / (users * months)
WITH r AS (
  SELECT DISTINCT CASE WHEN user_id <> '' THEN user_id WHEN account_id <> '' THEN account_id END AS u,
         year(created_at AT TIME ZONE 'UTC') * 12 + month(created_at AT TIME ZONE 'UTC') - 1 AS m
  FROM generations WHERE model = 'author/slug'
), x AS (
  SELECT u, m, min(m) OVER (PARTITION BY u) AS c FROM r WHERE u IS NOT NULL
), e AS (
  SELECT year(d) * 12 + month(d) - 2 AS lastm
  FROM (SELECT CAST(max(created_at AT TIME ZONE 'UTC') AS DATE) + 1 AS d FROM generations)
)
SELECT make_date(CAST(c // 12 AS BIGINT), CAST(c % 12 + 1 AS BIGINT), 1) AS cohort,
       count(*) FILTER (WHERE m > c AND m <= lastm) / (count(DISTINCT u) * (lastm - c)) AS retention
FROM x, e
WHERE c < lastm
GROUP BY c, lastm
ORDER BY 1;
