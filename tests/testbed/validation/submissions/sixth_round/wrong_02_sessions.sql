-- question: sessions
-- dialect: postgres
WITH s AS (
  SELECT session_id, min(created_at AT TIME ZONE 'UTC') AS started
  FROM generations
  WHERE session_id IS NOT NULL AND session_id <> ''
  GROUP BY session_id
), w AS (
  SELECT DISTINCT date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week FROM generations
)
SELECT w.week, count(s.session_id) AS sessions
FROM w LEFT JOIN s ON date_trunc('week', s.started)::date = w.week
GROUP BY w.week
ORDER BY w.week;
