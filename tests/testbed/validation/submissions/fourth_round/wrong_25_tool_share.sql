-- question: tool_share
-- dialect: clickhouse
SELECT
    toMonday(created_at, 'UTC') AS week,
    100.0 * sum(if(finish_reason = 'tool_calls', coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0), 0))
        / nullIf(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)), 0) AS share
FROM generations
WHERE finish_reason != ''
GROUP BY week
ORDER BY week
