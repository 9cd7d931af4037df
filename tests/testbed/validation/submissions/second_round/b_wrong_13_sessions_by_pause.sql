-- question: sessions_by_pause
with r as (
    select coalesce(nullif(user_id, ''), account_id) as u,
           created_at as ts,
           date_trunc('week', created_at at time zone 'UTC')::date as week
    from generations
),
p as (
    select week, ts, lag(ts) over (partition by u, week order by ts) as prev
    from r
    where u is not null
)
select week, count(*) as sessions
from p
where prev is null or ts - prev > interval 30 minute
group by week
order by week;
