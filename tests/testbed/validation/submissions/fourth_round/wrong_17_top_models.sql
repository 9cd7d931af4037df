-- question: top_models
SELECT model,
       sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0) + coalesce(tokens_reasoning, 0)) AS tokens
FROM generations
GROUP BY model
ORDER BY tokens DESC, model
LIMIT 10;
