-- question: tool_share
-- dialect: postgres
SELECT week,
       tool_tokens / nullif(all_tokens, 0) AS share
FROM (
    SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week,
           sum(CASE WHEN finish_reason = 'tool_calls'
                    THEN coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0) ELSE 0 END)::bigint AS tool_tokens,
           sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))::bigint AS all_tokens
    FROM generations
    GROUP BY 1
) w
ORDER BY week;
