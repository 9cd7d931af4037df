-- question: elasticity
WITH p AS (
  SELECT model,
         sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) AS tok,
         sum(cost_total) AS usd
  FROM generations
  WHERE byok = false AND variant IS DISTINCT FROM 'free'
  GROUP BY model
), q AS (
  SELECT log10(usd / tok * 1e6) AS x, log10(tok) AS y FROM p WHERE tok > 0 AND usd > 0
)
SELECT CASE WHEN count(*) >= 3 AND count(DISTINCT x) > 1 THEN regr_slope(x, y) END AS slope
FROM q;
