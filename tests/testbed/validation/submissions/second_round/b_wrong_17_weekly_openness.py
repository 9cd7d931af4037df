# question: weekly_openness
import numpy as np
import pandas as pd


def answer(generations: pd.DataFrame, models: pd.DataFrame) -> pd.DataFrame:
    gen = generations.copy()
    mod = models.drop_duplicates("model")

    if "source_type" not in mod.columns:
        is_open = mod["open_weights"].astype(str).str.lower().eq("true")
        is_cn = mod["origin"].astype(str).str.upper().isin(["CN", "CHINA"])
        mod["source_type"] = np.select(
            [~is_open & ~is_cn, ~is_open & is_cn, is_open & is_cn],
            ["closed", "cn-closed", "cn-open"], default="row-open")

    day = pd.to_datetime(gen["created_at"], utc=True).dt.tz_localize(None).dt.floor("D")
    gen["week"] = day - pd.to_timedelta(day.dt.dayofweek, unit="D")
    gen["tokens"] = gen["tokens_prompt"].fillna(0) + gen["tokens_completion"].fillna(0)

    j = gen.merge(mod[["model", "source_type"]], how="left", on="model")
    out = j.groupby(["week", "source_type"])["tokens"].sum().reset_index()
    out["share"] = out["tokens"] / out.groupby("week")["tokens"].transform("sum")
    out["week"] = out["week"].dt.date
    return out
