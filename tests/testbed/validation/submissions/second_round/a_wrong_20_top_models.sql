-- question: top_models
WITH ranked AS (
    SELECT model,
           SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)) AS tokens
    FROM generations
    GROUP BY model
    ORDER BY tokens DESC, model
    LIMIT 10
)
SELECT model,
       tokens,
       tokens / SUM(tokens) OVER ()                        AS share,
       ROW_NUMBER() OVER (ORDER BY tokens DESC, model)     AS rank
FROM ranked
ORDER BY rank;
