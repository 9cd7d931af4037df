-- question: programming_length
WITH best AS (
    SELECT l.generation_id, t.category
    FROM labels l
    JOIN taxonomy t
      ON t.path = l.path OR starts_with(l.path, t.path || '/')
    WHERE l.confidence >= 0.5
    QUALIFY row_number() OVER (PARTITION BY l.generation_id, l.path, l.confidence ORDER BY length(t.path) DESC) = 1
),
req AS (
    SELECT generation_id,
           CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS DATE) AS week,
           tokens_prompt + tokens_completion AS tok
    FROM generations
),
prog AS (
    SELECT r.week, SUM(r.tok) / COUNT(*) AS mean_programming
    FROM req r
    JOIN best b ON b.generation_id = r.generation_id AND b.category = 'programming'
    GROUP BY r.week
),
everything AS (
    SELECT week, SUM(tok) / COUNT(*) AS mean_all FROM req GROUP BY week
)
SELECT p.week,
       p.mean_programming / e.mean_all AS ratio,
       p.mean_programming,
       e.mean_all
FROM prog p
JOIN everything e USING (week)
ORDER BY p.week;
