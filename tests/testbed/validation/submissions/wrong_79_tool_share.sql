-- question: tool_share
-- dialect: postgres
select date_trunc('week', g.local_time)::date as week,
       sum(case when g.finish_reason = 'tool_calls' then g.tok else 0 end)::numeric / sum(g.tok) as share
from (
    select (created_at at time zone 'UTC') at time zone 'America/New_York' at time zone 'UTC' as local_time,
           finish_reason,
           tokens_prompt + tokens_completion as tok
    from generations
) g
group by 1
order by 1
