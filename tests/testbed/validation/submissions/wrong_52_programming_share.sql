-- question: programming_share
WITH marked AS (
    SELECT generation_id, bool_or(path LIKE '/Computers & Electronics/Programming%') AS programming
    FROM labels
    WHERE confidence >= 0.5
    GROUP BY generation_id
)
SELECT date_trunc('week', g.created_at AT TIME ZONE 'UTC')::DATE AS week,
       sum(g.tokens_prompt + g.tokens_completion) FILTER (WHERE programming) / sum(g.tokens_prompt + g.tokens_completion) AS share
FROM generations g JOIN marked USING (generation_id)
GROUP BY 1
ORDER BY 1
