-- question: sessions
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
       count(DISTINCT coalesce(session_id, generation_id)) AS sessions
FROM generations
GROUP BY 1
ORDER BY 1
