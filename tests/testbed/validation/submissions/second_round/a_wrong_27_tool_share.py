# question: tool_share
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations[["created_at", "finish_reason", "tokens_prompt", "tokens_completion"]].copy()
    t = pd.to_datetime(g["created_at"], utc=True).dt.tz_localize(None)
    g["week"] = t.dt.to_period("W-SUN").dt.start_time.dt.strftime("%Y-%m-%d")
    g["tokens"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)

    by_reason = g.groupby(["week", "finish_reason"])["tokens"].sum().unstack(fill_value=0)
    share = by_reason.get("tool_calls", 0) / by_reason.sum(axis=1)
    return share.rename("share").rename_axis("week").reset_index()
