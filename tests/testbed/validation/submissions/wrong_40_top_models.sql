-- question: top_models
SELECT model,
       sum(tokens_prompt::BIGINT + tokens_completion + coalesce(tokens_reasoning, 0)) AS tokens,
       row_number() OVER (ORDER BY tokens DESC, model) AS rank
FROM generations
GROUP BY model
ORDER BY tokens DESC, model
LIMIT 10
