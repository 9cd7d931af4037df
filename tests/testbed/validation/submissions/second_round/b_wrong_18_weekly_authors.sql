-- question: weekly_authors
select
    date_trunc('week', created_at at time zone 'America/Los_Angeles')::date as week,
    split_part(model, '/', 1) as author,
    sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)) as tokens,
    sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0))
      / nullif(sum(sum(coalesce(tokens_prompt, 0) + coalesce(tokens_completion, 0)))
               over (partition by date_trunc('week', created_at at time zone 'America/Los_Angeles')::date), 0)::double as share
from generations
group by 1, 2
order by 1, 4 desc;
