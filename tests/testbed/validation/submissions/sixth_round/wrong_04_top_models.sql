-- question: top_models
-- dialect: bigquery
SELECT model,
       SUM(IFNULL(tokens_prompt, 0) + IFNULL(tokens_completion, 0) + IFNULL(tokens_reasoning, 0)) AS tokens
FROM generations
GROUP BY model
ORDER BY tokens DESC, model ASC
LIMIT 10;
