-- question: elasticity
WITH charged AS (
    SELECT model,
           SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)) AS tokens,
           SUM(cost_total)                                                  AS usd
    FROM generations
    WHERE byok = FALSE
      AND variant IS DISTINCT FROM 'free'
    GROUP BY model
),
points AS (
    SELECT log10(usd / tokens * 1e6) AS x,
           log10(tokens)             AS y
    FROM charged
    WHERE tokens > 0 AND usd > 0
)
SELECT
    CASE WHEN COUNT(*) >= 3 AND MAX(x) > MIN(x) THEN regr_slope(x, y) END AS slope,
    COUNT(*)                                                              AS models
FROM points;
