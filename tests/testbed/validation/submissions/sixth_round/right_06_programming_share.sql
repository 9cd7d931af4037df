-- question: programming_share
WITH best AS (
  SELECT l.generation_id,
         coalesce((SELECT t.category FROM taxonomy t
                   WHERE l.path = t.path OR starts_with(l.path, t.path || '/')
                   ORDER BY length(t.path) DESC LIMIT 1), 'other') AS category
  FROM labels l WHERE l.confidence >= 0.5
), flag AS (
  SELECT generation_id, bool_or(category = 'programming') AS prog FROM best GROUP BY generation_id
)
SELECT CAST(date_trunc('week', g.created_at AT TIME ZONE 'UTC') AS DATE) AS week,
       coalesce(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) FILTER (WHERE prog), 0)
       / nullif(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)), 0) AS share
FROM generations g JOIN flag USING (generation_id)
GROUP BY 1 ORDER BY 1;
