-- question: tool_share
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
       sum(CASE WHEN tools_offered THEN tokens_prompt + tokens_completion ELSE 0 END)
         / sum(tokens_prompt + tokens_completion) AS share
FROM generations
GROUP BY 1
ORDER BY 1
