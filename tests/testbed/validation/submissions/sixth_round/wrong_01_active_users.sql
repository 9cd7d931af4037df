-- question: active_users
SELECT CAST(date_trunc('week', created_at AT TIME ZONE 'UTC') AS DATE) AS week,
       count(DISTINCT coalesce(user_id, account_id)) AS users
FROM generations
GROUP BY 1
ORDER BY 1;
