-- question: category_share
WITH best AS (
    SELECT generation_id, path
    FROM labels
    WHERE confidence >= 0.5
    QUALIFY row_number() OVER (PARTITION BY generation_id ORDER BY confidence DESC, path) = 1
),
cat AS (
    SELECT b.generation_id, coalesce(arg_max(t.category, length(t.path)), 'other') AS category
    FROM best b LEFT JOIN taxonomy t ON b.path = t.path OR starts_with(b.path, t.path || '/')
    GROUP BY b.generation_id
)
SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
       c.category,
       sum(g.tokens_prompt + g.tokens_completion) AS tokens,
       sum(g.tokens_prompt + g.tokens_completion)
         / sum(sum(g.tokens_prompt + g.tokens_completion)) OVER (PARTITION BY date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE) AS share
FROM generations g JOIN cat c USING (generation_id)
GROUP BY 1, 2
ORDER BY 1, 2
