-- question: sessions_by_pause
SELECT CAST(date_trunc('week', ts) AS DATE) AS week,
       count(*) AS sessions
FROM (
  SELECT ts, ts - lag(ts) OVER (PARTITION BY usr, model ORDER BY ts) AS pause
  FROM (
    SELECT created_at AT TIME ZONE 'UTC' AS ts, model,
           coalesce(nullif(user_id, ''), nullif(account_id, '')) AS usr
    FROM generations
  )
  WHERE usr IS NOT NULL
)
WHERE pause IS NULL OR pause > INTERVAL 30 MINUTE
GROUP BY 1
ORDER BY 1
