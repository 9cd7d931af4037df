# question: programming_length
import pandas as pd


def answer(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    order = sorted(zip(taxonomy["path"], taxonomy["category"]), key=lambda p: -len(p[0]))
    prog = set()
    for gid, path, conf in zip(labels["generation_id"], labels["path"], labels["confidence"]):
        if not conf >= 0.5:
            continue
        cat = next((c for p, c in order if path == p or path.startswith(p + "/")), "other")
        if cat == "programming":
            prog.add(gid)
    day = pd.to_datetime(generations["created_at"], utc=True).dt.tz_localize(None).dt.floor("D")
    d = pd.DataFrame({
        "week": day - pd.to_timedelta(day.dt.dayofweek, unit="D"),
        "tok": generations["tokens_prompt"].fillna(0) + generations["tokens_completion"].fillna(0),
        "prog": generations["generation_id"].isin(prog),
    })
    out = pd.DataFrame({"mean_programming": d[d["prog"]].groupby("week")["tok"].mean()})
    out["mean_all"] = d.groupby("week")["tok"].mean()
    out["ratio"] = out["mean_programming"] / out["mean_all"]
    return out.reset_index()[["week", "ratio", "mean_programming", "mean_all"]]
