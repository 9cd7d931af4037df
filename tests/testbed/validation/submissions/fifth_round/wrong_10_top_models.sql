-- question: top_models
WITH long AS (
  SELECT model, tokens_prompt AS tokens FROM generations
  UNION
  SELECT model, tokens_completion AS tokens FROM generations
)
SELECT model, coalesce(sum(tokens), 0) AS tokens
FROM long
GROUP BY model
ORDER BY tokens DESC, model
LIMIT 10
