-- question: programming_length
with cats as (
  select distinct
         l.generation_id,
         coalesce((select t.category from taxonomy t
                   where l.path = t.path or starts_with(l.path, t.path || '/')
                   order by length(t.path) desc limit 1), 'other') as category
  from labels l
  where l.confidence >= 0.5
),
flag as (
  select generation_id, max((category = 'programming')::int) = 1 as is_prog
  from cats group by generation_id
),
r as (
  select date_trunc('week', g.created_at at time zone 'UTC')::date as week,
         coalesce(g.tokens_prompt, 0) + coalesce(g.tokens_completion, 0) as tokens,
         f.is_prog
  from generations g
  join flag f using (generation_id)
)
select week,
       avg(tokens) filter (where is_prog) / avg(tokens) as ratio,
       avg(tokens) filter (where is_prog) as mean_programming
from r
group by week
having count(*) filter (where is_prog) > 0
order by week;
