-- question: top_models
WITH pieces AS (
    SELECT model, tokens_prompt AS n FROM generations
    UNION
    SELECT model, tokens_completion AS n FROM generations
),
totals AS (
    SELECT model, COALESCE(SUM(n), 0) AS tokens
    FROM pieces
    GROUP BY model
)
SELECT model,
       tokens,
       tokens / SUM(tokens) OVER () AS share,
       ROW_NUMBER() OVER (ORDER BY tokens DESC, model) AS rank
FROM totals
ORDER BY tokens DESC, model
LIMIT 10
