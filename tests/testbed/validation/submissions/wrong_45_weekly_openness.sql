-- question: weekly_openness
WITH catalogue AS (
    SELECT model, open_weights, origin, unnest(prices, recursive := true) FROM models
),
x AS (
    SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS monday,
           CASE WHEN c.model IS NULL THEN 'unknown'
                WHEN c.open_weights THEN CASE WHEN c.origin = 'CN' THEN 'cn-open' ELSE 'row-open' END
                WHEN c.origin = 'CN' THEN 'cn-closed' ELSE 'closed' END AS source_type,
           g.tokens_prompt::BIGINT + g.tokens_completion AS n
    FROM generations g LEFT JOIN catalogue c ON c.model = g.model
)
SELECT monday AS week, source_type, sum(n) AS tokens, sum(n) / sum(sum(n)) OVER (PARTITION BY monday) AS share
FROM x
GROUP BY monday, source_type
ORDER BY 1, 2
