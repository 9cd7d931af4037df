-- question: tool_share
from generations
select date_trunc('week', created_at at time zone 'UTC')::date as week,
       coalesce(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) filter (finish_reason = 'tool_calls'), 0)
         / nullif(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)), 0) as share
where finish_reason is not null
group by week
order by week;
