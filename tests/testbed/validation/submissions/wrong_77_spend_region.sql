-- question: spend_region
-- dialect: bigquery
WITH bounds AS (
  SELECT DATE_TRUNC(DATE(MIN(created_at)), WEEK(MONDAY)) AS first_monday, DATE(MAX(created_at)) AS last_day
  FROM generations
),
weeks AS (
  SELECT monday
  FROM bounds
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_monday, last_day, INTERVAL 7 DAY)) AS monday
),
spend AS (
  SELECT w.monday, IFNULL(g.continent, 'unknown') AS continent, SUM(g.cost_total) AS usd
  FROM weeks w
  JOIN generations g
    ON g.created_at BETWEEN TIMESTAMP(w.monday) AND TIMESTAMP(DATE_ADD(w.monday, INTERVAL 6 DAY))
  GROUP BY 1, 2
)
SELECT monday AS week, continent, usd AS spend_usd, SAFE_DIVIDE(usd, SUM(usd) OVER (PARTITION BY monday)) AS share
FROM spend
ORDER BY 1, 2
