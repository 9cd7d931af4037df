# question: programming_share
import pandas as pd


def answer(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    g, lab, tax = generations.copy(), labels, taxonomy
    lookup = dict(zip(tax["path"], tax["category"]))

    def category(path):
        """Longest path of the taxonomy that this one equals or lies under."""
        while path:
            if path in lookup:
                return lookup[path]
            path = path.rpartition("/")[0]
        return "other"

    lab = lab[lab["confidence"] >= 0.5].copy()
    lab["cat"] = [category(p) for p in lab["path"]]

    g["tokens"] = g["tokens_prompt"].fillna(0) + g["tokens_completion"].fillna(0)
    day = g["created_at"].dt.tz_convert("UTC").dt.tz_localize(None).dt.normalize()
    g["week"] = day - pd.to_timedelta(day.dt.weekday, unit="D")

    total = g[g["generation_id"].isin(lab["generation_id"])].groupby("week")["tokens"].sum()
    prog = g.merge(lab[lab["cat"] == "programming"], on="generation_id").groupby("week")["tokens"].sum()
    share = (prog.reindex(total.index, fill_value=0) / total).rename("share")
    return share.reset_index()
