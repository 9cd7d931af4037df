-- question: sessions
WITH s AS (
    SELECT session_id, MIN(created_at AT TIME ZONE 'UTC') AS started_at
    FROM generations
    WHERE session_id IS NOT NULL AND session_id <> ''
    GROUP BY session_id
)
SELECT CAST(date_trunc('week', started_at) AS DATE) AS week,
       COUNT(*)                                     AS sessions
FROM s
GROUP BY 1
ORDER BY 1;
