-- question: tool_share
-- dialect: snowflake
SELECT DATEADD('day', 1 - DAYOFWEEKISO(CONVERT_TIMEZONE('UTC', created_at)), CONVERT_TIMEZONE('UTC', created_at)::DATE)::DATE AS week,
       SUM(IFF(finish_reason = 'tool_calls', COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0), 0))
         / NULLIF(SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)), 0) AS share
FROM generations
WHERE finish_reason IS NOT NULL
GROUP BY 1
ORDER BY 1;
