-- question: weekly_openness
WITH typed AS (
    SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
           CASE WHEN m.open_weights = FALSE AND m.origin = 'RoW' THEN 'closed'
                WHEN m.open_weights = FALSE THEN 'cn-closed'
                WHEN m.origin = 'RoW' THEN 'row-open'
                ELSE 'cn-open' END AS source_type,
           COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0) AS tokens
    FROM generations g
    LEFT JOIN models m ON m.model = g.model
)
SELECT week, source_type, SUM(tokens) AS tokens,
       SUM(tokens) / NULLIF(SUM(SUM(tokens)) OVER (PARTITION BY week), 0) AS share
FROM typed
GROUP BY week, source_type
ORDER BY week, source_type
