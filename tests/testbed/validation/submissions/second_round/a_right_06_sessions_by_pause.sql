-- question: sessions_by_pause
-- No window function: a request begins a session if none of the user's own
-- stands in the half hour before it (generation_id decides between equal instants).
with r as (
    select generation_id,
           coalesce(nullif(user_id, ''), account_id) as usr,
           created_at                                as at
    from generations
),
starts as (
    select a.at
    from r a
    where a.usr is not null
      and not exists (
            select 1
            from r b
            where b.usr = a.usr
              and b.at >= a.at - interval 30 minutes
              and (b.at < a.at or (b.at = a.at and b.generation_id < a.generation_id))
      )
),
weeks as (
    select distinct cast(date_trunc('week', created_at at time zone 'UTC') as date) as week
    from generations
)
select w.week, count(s.at) as sessions
from weeks w
left join starts s
       on cast(date_trunc('week', s.at at time zone 'UTC') as date) = w.week
group by w.week
order by w.week;
