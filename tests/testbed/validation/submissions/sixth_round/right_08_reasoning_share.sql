-- question: reasoning_share
-- dialect: bigquery
SELECT DATE_TRUNC(DATE(created_at, 'UTC'), WEEK(MONDAY)) AS week,
       SAFE_DIVIDE(SUM(IF(model IN (SELECT model FROM models WHERE reasoning_optimised),
                          IFNULL(tokens_prompt, 0) + IFNULL(tokens_completion, 0), 0)),
                   SUM(IFNULL(tokens_prompt, 0) + IFNULL(tokens_completion, 0))) AS share
FROM generations
GROUP BY week
ORDER BY week;
