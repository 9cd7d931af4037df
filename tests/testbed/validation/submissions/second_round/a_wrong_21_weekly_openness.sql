-- question: weekly_openness
WITH typed AS (
    SELECT
        CAST(date_trunc('week', g.created_at AT TIME ZONE 'UTC') AS DATE) AS week,
        CASE
            WHEN m.open_weights = FALSE AND m.origin = 'CN'  THEN 'cn-closed'
            WHEN m.open_weights = FALSE                      THEN 'closed'
            WHEN m.origin = 'CN'                            THEN 'cn-open'
            ELSE 'row-open'
        END AS source_type,
        COALESCE(g.tokens_prompt, 0) + COALESCE(g.tokens_completion, 0) AS tok
    FROM generations g
    LEFT JOIN models m ON m.model = g.model
)
SELECT week,
       source_type,
       SUM(tok)                                              AS tokens,
       SUM(tok) / SUM(SUM(tok)) OVER (PARTITION BY week)     AS share
FROM typed
GROUP BY week, source_type
ORDER BY week, source_type;
