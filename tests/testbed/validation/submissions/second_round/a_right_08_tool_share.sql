-- question: tool_share
-- dialect: clickhouse
SELECT
    toMonday(toTimeZone(created_at, 'UTC')) AS week,
    sumIf(ifNull(tokens_prompt, 0) + ifNull(tokens_completion, 0), ifNull(finish_reason = 'tool_calls', 0))
        / nullIf(sum(ifNull(tokens_prompt, 0) + ifNull(tokens_completion, 0)), 0) AS share
FROM generations
GROUP BY week
ORDER BY week
