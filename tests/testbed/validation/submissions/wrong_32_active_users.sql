-- question: active_users
-- dialect: snowflake
WITH daily AS (
    SELECT CONVERT_TIMEZONE('UTC', created_at)::DATE AS d,
           COUNT(DISTINCT NVL(NULLIF(user_id, ''), account_id)) AS dau
    FROM generations
    GROUP BY 1
)
SELECT DATE_TRUNC('WEEK', d)::DATE AS week, SUM(dau) AS users
FROM daily
GROUP BY 1
ORDER BY 1
