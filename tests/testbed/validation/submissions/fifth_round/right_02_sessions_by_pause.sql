-- question: sessions_by_pause
-- dialect: postgres
SELECT date_trunc('week', e.ts)::date AS week,
       sum(CASE WHEN e.previous >= e.ts - interval '30 minutes' THEN 0 ELSE 1 END) AS sessions
FROM (
  SELECT s.ts,
         max(s.ts) OVER (PARTITION BY s.usr ORDER BY s.ts
                         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS previous
  FROM (
    SELECT CASE WHEN user_id IS NULL OR user_id = '' THEN account_id ELSE user_id END AS usr,
           created_at AT TIME ZONE 'UTC' AS ts
    FROM generations
  ) AS s
  WHERE s.usr <> ''
) AS e
GROUP BY 1
ORDER BY 1
