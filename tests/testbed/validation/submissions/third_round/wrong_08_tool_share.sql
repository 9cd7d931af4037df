-- question: tool_share
-- dialect: postgres
WITH weekly AS (
    SELECT CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS date) AS week,
           CAST(SUM(CASE WHEN finish_reason = 'tool_calls'
                         THEN COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)
                         ELSE 0 END) AS bigint) AS tool_tokens,
           CAST(SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)) AS bigint) AS all_tokens
    FROM generations
    GROUP BY 1
)
SELECT week,
       CASE WHEN all_tokens > 0 THEN tool_tokens::bigint / all_tokens::bigint END AS share
FROM weekly
ORDER BY week
