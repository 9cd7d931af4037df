-- question: spend_region
WITH spend AS (
    SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
           ifnull(continent, 'unknown') AS continent,
           sum(cost_total) AS usd
    FROM generations
    GROUP BY ALL
)
SELECT week, continent, usd AS spend_usd,
       usd / nullif(last_value(running) OVER (PARTITION BY week ORDER BY usd DESC, continent), 0) AS share
FROM (
    SELECT *, sum(usd) OVER (PARTITION BY week ORDER BY usd DESC, continent) AS running
    FROM spend
)
ORDER BY week, usd DESC
