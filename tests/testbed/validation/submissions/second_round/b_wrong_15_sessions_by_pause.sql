-- question: sessions_by_pause
-- dialect: snowflake
WITH req AS (
    SELECT COALESCE(NULLIF(user_id, ''), account_id)          AS usr,
           CONVERT_TIMEZONE('UTC', created_at)::TIMESTAMP_NTZ AS ts
    FROM generations
), gaps AS (
    SELECT ts,
           DATEDIFF('minute', LAG(ts) OVER (PARTITION BY usr ORDER BY ts), ts) AS pause
    FROM req
    WHERE usr IS NOT NULL
)
SELECT DATE_TRUNC('week', ts)::DATE AS week,
       COUNT(*)                     AS sessions
FROM gaps
WHERE pause IS NULL OR pause > 30
GROUP BY 1
ORDER BY 1;
