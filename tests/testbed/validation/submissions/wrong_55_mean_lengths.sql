-- question: mean_lengths
WITH lab AS (
    SELECT l.generation_id,
           coalesce((SELECT arg_max(t.category, length(t.path)) FROM taxonomy t
                      WHERE l.path = t.path OR starts_with(l.path, t.path || '/')), 'other') AS category
    FROM labels l
    WHERE l.confidence >= 0.5
)
SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
       lab.category,
       avg(g.tokens_prompt) AS mean_prompt,
       avg(g.tokens_completion) AS mean_completion
FROM lab JOIN generations g USING (generation_id)
GROUP BY 1, 2
ORDER BY 1, 2
