-- question: category_share
FROM (
    FROM generations g
    JOIN (
        SELECT generation_id, list_distinct(list(category)) AS categories
        FROM (
            SELECT l.generation_id,
                   COALESCE(
                       list_filter(
                           (SELECT list(t.category ORDER BY length(t.path) DESC)
                            FROM taxonomy t
                            WHERE t.path = l.path
                               OR left(l.path, length(t.path) + 1) = t.path || '/'),
                           lambda c: c IS NOT NULL)[1],
                       'other') AS category
            FROM labels l
            WHERE l.confidence >= 0.5
        )
        GROUP BY generation_id
    ) c USING (generation_id)
    SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
           COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0) AS n,
           c.categories
) r
JOIN (
    SELECT date_trunc('week', created_at AT TIME ZONE 'UTC')::DATE AS week,
           SUM(COALESCE(tokens_prompt, 0) + COALESCE(tokens_completion, 0)) AS all_tokens
    FROM generations
    WHERE generation_id IN (SELECT generation_id FROM labels WHERE confidence >= 0.5)
    GROUP BY 1
) w USING (week),
LATERAL (SELECT unnest(r.categories) AS category) x
SELECT week, category, SUM(n) / NULLIF(any_value(all_tokens), 0) AS share, SUM(n) AS tokens
GROUP BY week, category
ORDER BY week, category
