-- question: elasticity
WITH m AS (
    SELECT model, date_trunc('month', created_at AT TIME ZONE 'UTC') AS month,
           sum(tokens_prompt::BIGINT + tokens_completion) AS tok, sum(cost_total) AS usd
    FROM generations
    WHERE byok = false AND variant IS DISTINCT FROM 'free'
    GROUP BY ALL
)
SELECT regr_slope(log10(tok), log10(usd / tok * 1e6)) AS slope, count(DISTINCT model) AS models
FROM m
WHERE tok > 0 AND usd > 0
