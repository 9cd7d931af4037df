-- question: weekly_openness
WITH t AS (
  SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::date AS week,
         CASE WHEN m.open_weights THEN CASE m.origin WHEN 'CN' THEN 'cn-open' ELSE 'row-open' END
              WHEN m.origin = 'CN' THEN 'cn-closed' ELSE 'closed' END AS source_type,
         sum(coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0)) AS tokens
  FROM generations g
  JOIN models m ON m.model = g.model
  GROUP BY 1, 2
)
SELECT week, source_type, tokens,
       tokens / nullif(sum(tokens) OVER (PARTITION BY week), 0) AS share
FROM t
ORDER BY week, source_type;
