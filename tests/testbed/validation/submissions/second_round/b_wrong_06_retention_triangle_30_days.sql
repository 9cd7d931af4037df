-- question: retention_triangle_30_days
-- model: author/slug
with r as (
  select coalesce(nullif(user_id, ''), account_id) as u,
         created_at at time zone 'UTC' as ts
  from generations
  where model = 'author/slug'
    and coalesce(nullif(user_id, ''), account_id) is not null
),
f as (select u, min(ts) as t0, date_trunc('month', min(ts))::date as cohort from r group by u),
e as (select (max(created_at) at time zone 'UTC')::date as last_day from generations),
hits as (
  select distinct f.cohort, r.u, date_diff('day', f.t0::date, r.ts::date) // 30 as k
  from r join f using (u)
),
spine as (
  select s.cohort, s.users, ks.k
  from (select cohort, count(*) as users from f group by cohort) s
  cross join (select unnest(range(0, 200)) as k) ks
  cross join e
  where (s.cohort + interval 1 month)::date + (30 * (ks.k + 1))::int <= e.last_day + 1
)
select spine.cohort, spine.k, spine.users,
       count(hits.u) as active,
       count(hits.u) * 1.0 / spine.users as retention
from spine
left join hits on hits.cohort = spine.cohort and hits.k = spine.k
group by spine.cohort, spine.k, spine.users
order by 1, 2;
