-- question: cohort_sizes
-- dialect: mysql
SELECT
    model,
    STR_TO_DATE(CONCAT(first_month, '-1'), '%Y-%c-%e') AS cohort,
    COUNT(*) AS users
FROM (
    SELECT model,
           COALESCE(NULLIF(user_id, ''), account_id) AS who,
           MIN(DATE_FORMAT(created_at, '%Y-%c')) AS first_month
    FROM generations
    GROUP BY model, who
) AS firsts
WHERE who IS NOT NULL
GROUP BY model, first_month
ORDER BY model, cohort;
