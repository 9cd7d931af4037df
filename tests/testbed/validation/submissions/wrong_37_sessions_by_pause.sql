-- question: sessions_by_pause
-- dialect: snowflake
WITH r AS (
    SELECT NVL(NULLIF(user_id, ''), account_id) AS uid,
           CONVERT_TIMEZONE('UTC', created_at)::TIMESTAMP_NTZ AS ts
    FROM generations
)
SELECT DATE_TRUNC('WEEK', ts)::DATE AS week, COUNT_IF(is_new) AS sessions
FROM (
    SELECT ts,
           NVL(DATEDIFF('minute', LAG(ts) OVER (PARTITION BY uid ORDER BY ts), ts) > 30, TRUE) AS is_new
    FROM r
    WHERE uid IS NOT NULL
)
GROUP BY 1
ORDER BY 1
