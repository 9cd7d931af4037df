-- question: weekly_openness
WITH t AS (
  SELECT CAST(date_trunc('week', g.created_at AT TIME ZONE 'UTC') AS DATE) AS week,
         CASE WHEN m.open_weights AND m.origin = 'RoW' THEN 'row-open'
              WHEN m.open_weights THEN 'cn-open'
              WHEN m.origin = 'RoW' THEN 'closed'
              ELSE 'cn-closed' END AS source_type,
         coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) AS tok
  FROM generations g JOIN models m ON m.model = g.model
)
SELECT week, source_type, sum(tok) AS tokens,
       sum(tok) / nullif(sum(sum(tok)) OVER (PARTITION BY week), 0) AS share
FROM t GROUP BY week, source_type ORDER BY 1, 2;
