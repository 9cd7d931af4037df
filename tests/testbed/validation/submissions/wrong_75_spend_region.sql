-- question: spend_region
-- dialect: spark
WITH w AS (
  SELECT CAST(date_trunc('WEEK', convert_timezone('UTC', created_at)) AS DATE) AS wk, continent, sum(cost_total) AS usd
  FROM generations
  WHERE continent IS NOT NULL AND NOT coalesce(byok, false)
  GROUP BY 1, 2
)
SELECT wk AS week, continent, usd AS spend_usd, usd / nullif(sum(usd) OVER (PARTITION BY wk), 0) AS share
FROM w
ORDER BY 1, 2
