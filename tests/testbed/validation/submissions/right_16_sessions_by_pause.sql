-- question: sessions_by_pause
-- dialect: snowflake
WITH r AS (
    SELECT NVL(NULLIF(user_id, ''), NULLIF(account_id, '')) AS uid,
           CONVERT_TIMEZONE('UTC', created_at)::TIMESTAMP_NTZ AS ts
    FROM generations
),
gap AS (
    SELECT uid, ts, LAG(ts) OVER (PARTITION BY uid ORDER BY ts) AS prev
    FROM r
    WHERE uid IS NOT NULL
)
SELECT DATE_TRUNC('WEEK', ts)::DATE AS week,
       SUM(IFF(prev IS NULL OR DATEDIFF('millisecond', prev, ts) > 30 * 60 * 1000, 1, 0)) AS sessions
FROM gap
GROUP BY 1
ORDER BY 1
