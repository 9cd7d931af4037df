-- question: weekly_openness
-- dialect: spark
WITH tagged AS (
  SELECT
    date_trunc('WEEK', convert_timezone('UTC', g.created_at)) AS monday,
    CASE
      WHEN m.model IS NULL THEN 'unknown'
      WHEN m.open_weights AND m.origin = 'CN' THEN 'cn-open'
      WHEN m.open_weights THEN 'row-open'
      WHEN m.origin = 'CN' THEN 'cn-closed'
      ELSE 'closed'
    END AS source_type,
    CAST(g.tokens_prompt AS BIGINT) + CAST(g.tokens_completion AS BIGINT) AS tok
  FROM generations g
  LEFT JOIN models m ON m.model = g.model
)
SELECT
  CAST(monday AS DATE) AS week,
  source_type,
  SUM(tok) AS tokens,
  SUM(tok) / SUM(SUM(tok)) OVER (PARTITION BY monday) AS share
FROM tagged
GROUP BY monday, source_type
ORDER BY 1, 2
