-- question: elasticity
WITH pts AS (
  SELECT model,
         log10(sum(cost_total) / sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) * 1e6) AS x,
         log10(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))) AS y
  FROM generations
  WHERE byok IS FALSE
    AND variant IS DISTINCT FROM 'free'
  GROUP BY model
  HAVING sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) > 0
     AND sum(cost_total) > 0
)
SELECT CASE WHEN count(*) >= 3 AND min(x) < max(x) THEN regr_slope(x, y) END AS slope,
       count(*) AS models
FROM pts;
