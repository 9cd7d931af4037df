-- question: reasoning_share
SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::date AS week,
       sum(CASE WHEN tokens_reasoning > 0
                THEN coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0) ELSE 0 END)
         / nullif(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)), 0) AS share
FROM generations
GROUP BY 1
ORDER BY 1;
