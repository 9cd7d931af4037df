-- question: top_models
-- dialect: bigquery
SELECT
  model,
  SUM(tokens_prompt + tokens_completion) AS tokens
FROM generations
GROUP BY model
QUALIFY RANK() OVER (ORDER BY SUM(tokens_prompt + tokens_completion) DESC) <= 10
ORDER BY tokens DESC, model
