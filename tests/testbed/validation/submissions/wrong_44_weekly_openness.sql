-- question: weekly_openness
-- dialect: spark
SELECT
  CAST(date_trunc('WEEK', convert_timezone('UTC', g.created_at)) AS DATE) AS week,
  CASE
    WHEN m.open_weights AND m.origin = 'CN' THEN 'cn-open'
    WHEN m.open_weights THEN 'row-open'
    WHEN m.origin = 'CN' THEN 'cn-closed'
    ELSE 'closed'
  END AS source_type,
  SUM(g.tokens_prompt + g.tokens_completion) AS tokens,
  SUM(g.tokens_prompt + g.tokens_completion)
    / SUM(SUM(g.tokens_prompt + g.tokens_completion)) OVER (PARTITION BY CAST(date_trunc('WEEK', convert_timezone('UTC', g.created_at)) AS DATE)) AS share
FROM generations g
LEFT JOIN models m ON g.model = m.model
GROUP BY 1, 2
ORDER BY 1, 2
