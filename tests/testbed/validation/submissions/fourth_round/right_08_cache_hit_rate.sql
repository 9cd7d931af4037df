-- question: cache_hit_rate
FROM generations
SELECT CAST(CAST(created_at AT TIME ZONE 'UTC' AS DATE) - (isodow(CAST(created_at AT TIME ZONE 'UTC' AS DATE)) - 1)::INTEGER AS DATE) AS week,
       sum(tokens_cached) / nullif(sum(tokens_prompt) FILTER (tokens_cached IS NOT NULL), 0) AS share
GROUP BY ALL
ORDER BY ALL;
