-- question: weekly_authors
-- dialect: spark
-- spark.sql.session.timeZone = UTC on this cluster
WITH by_author AS (
  SELECT
    to_date(date_trunc('WEEK', created_at))                                    AS week,
    split(model, '/')[0]                                                       AS author,
    SUM(DISTINCT coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))  AS tokens
  FROM generations
  GROUP BY to_date(date_trunc('WEEK', created_at)), split(model, '/')[0]
)
SELECT
  week,
  author,
  tokens / SUM(tokens) OVER (PARTITION BY week) AS share,
  tokens
FROM by_author
ORDER BY week, author
