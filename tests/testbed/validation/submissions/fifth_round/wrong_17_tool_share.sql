-- question: tool_share
-- dialect: postgres
WITH w AS (
  SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week,
         coalesce(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))
                  FILTER (WHERE finish_reason = 'tool_calls'), 0) AS tool,
         coalesce(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))
                  FILTER (WHERE finish_reason <> 'tool_calls'), 0) AS no_tool
  FROM generations
  GROUP BY 1
)
SELECT week, tool::double precision / nullif(tool + no_tool, 0) AS share
FROM w
ORDER BY week
