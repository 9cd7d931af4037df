-- question: tool_share
-- dialect: clickhouse
SELECT
    CAST(toMonday(created_at, 'UTC') AS Date) AS week,
    sum(if(finish_reason = 'tool_calls', tokens_prompt + tokens_completion, 0)) / sum(tokens_prompt + tokens_completion) AS share
FROM generations
GROUP BY 1
ORDER BY 1
