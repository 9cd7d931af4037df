-- question: elasticity
-- dialect: snowflake
WITH priced AS (
    SELECT model,
           SUM(ZEROIFNULL(tokens_prompt) + ZEROIFNULL(tokens_completion)) AS charged_tokens,
           SUM(cost_total) AS cost_usd
    FROM generations
    WHERE byok = FALSE
      AND NVL(variant, '') <> 'free'
    GROUP BY model
    HAVING SUM(ZEROIFNULL(tokens_prompt) + ZEROIFNULL(tokens_completion)) > 0
       AND SUM(cost_total) > 0
),
points AS (
    SELECT LOG(10, 1e6 * cost_usd / charged_tokens) AS x,
           LOG(10, charged_tokens) AS y
    FROM priced
)
SELECT IFF(COUNT(*) >= 3 AND MIN(x) < MAX(x), REGR_SLOPE(y, x), NULL) AS slope,
       COUNT(*) AS models
FROM points
