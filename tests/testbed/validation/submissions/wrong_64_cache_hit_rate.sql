-- question: cache_hit_rate
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
       sum(coalesce(tokens_cached, 0)) / sum(tokens_prompt) AS share
FROM generations
GROUP BY 1
ORDER BY 1
