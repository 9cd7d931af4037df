-- question: category_share
-- Nested lists: a request holds the list of its distinct categories, unnested at the end.
WITH label_category AS (
    SELECT d.label,
           coalesce(arg_max(t.category, length(t.path)), 'other') AS category
    FROM (SELECT DISTINCT path AS label FROM labels) d
    LEFT JOIN taxonomy t
           ON d.label = t.path OR starts_with(d.label, t.path || '/')
    GROUP BY d.label
),
carried AS (
    SELECT l.generation_id, list_distinct(list(lc.category)) AS categories
    FROM labels l
    JOIN label_category lc ON lc.label IS NOT DISTINCT FROM l.path
    WHERE l.confidence >= 0.5
    GROUP BY l.generation_id
),
requests AS (
    SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE       AS week,
           coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) AS tok,
           c.categories
    FROM generations g
    JOIN carried c ON c.generation_id = g.generation_id
),
totals AS (
    SELECT week, sum(tok) AS labelled FROM requests GROUP BY week
)
SELECT x.week,
       x.category,
       sum(x.tok) / nullif(any_value(t.labelled), 0) AS share,
       sum(x.tok)                                    AS tokens
FROM (SELECT week, tok, unnest(categories) AS category FROM requests) x
JOIN totals t ON t.week = x.week
GROUP BY x.week, x.category
ORDER BY x.week, x.category;
