-- question: top_models
-- dialect: spark
SELECT model, sum(cast(tokens_prompt AS BIGINT) + tokens_completion) AS tokens
FROM generations
GROUP BY model
ORDER BY tokens DESC, model DESC
LIMIT 10
