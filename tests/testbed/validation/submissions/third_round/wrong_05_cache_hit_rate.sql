-- question: cache_hit_rate
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
       SUM(tokens_cached) / NULLIF(SUM(tokens_prompt), 0) AS share
FROM generations
GROUP BY 1
ORDER BY 1
