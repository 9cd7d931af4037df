-- question: top_models
-- dialect: snowflake
SELECT model,
       SUM(COALESCE(tokens_prompt, 0)) + SUM(COALESCE(tokens_completion, 0)) AS tokens,
       ROW_NUMBER() OVER (
           ORDER BY SUM(COALESCE(tokens_prompt, 0)) + SUM(COALESCE(tokens_completion, 0)) DESC, model ASC
       ) AS rank
FROM generations
WHERE model IS NOT NULL
GROUP BY model
QUALIFY rank <= 10
ORDER BY rank;
