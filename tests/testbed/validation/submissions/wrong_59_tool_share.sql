-- question: tool_share
-- dialect: postgres
select date_trunc('week', created_at at time zone 'UTC')::date as week,
       coalesce(sum(tokens_prompt + tokens_completion) filter (where finish_reason = 'tool_calls'), 0)::numeric
         / (sum(tokens_prompt + tokens_completion) filter (where finish_reason = 'tool_calls' or finish_reason <> 'tool_calls')) as share
from generations
group by 1
order by 1
