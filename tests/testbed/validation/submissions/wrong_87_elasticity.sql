-- question: elasticity
-- dialect: snowflake
WITH per_version AS (
    SELECT NVL(model_permaslug, model) AS version,
           SUM(tokens_prompt + tokens_completion) AS tok,
           SUM(cost_total) AS usd
    FROM generations
    WHERE NOT byok AND variant IS DISTINCT FROM 'free'
    GROUP BY 1
)
SELECT REGR_SLOPE(LOG(10, tok), LOG(10, 1000000 * usd / tok)) AS slope, COUNT(*) AS models
FROM per_version
WHERE tok > 0 AND usd > 0
HAVING COUNT(*) >= 3
