# question: category_share
import pandas as pd


def answer(generations: pd.DataFrame, labels: pd.DataFrame, taxonomy: pd.DataFrame) -> pd.DataFrame:
    gen = generations[["generation_id", "created_at", "tokens_prompt", "tokens_completion"]].copy()
    lab, tax = labels, taxonomy
    lookup = dict(zip(tax["path"], tax["category"]))

    def to_category(path):
        """Walk down the label's path until a node of the taxonomy is met."""
        if not isinstance(path, str):
            return "other"
        for i in range(1, len(path) + 1):
            if (i == len(path) or path[i] == "/") and path[:i] in lookup:
                return lookup[path[:i]]
        return "other"

    lab = lab[~(lab["confidence"] < 0.5)].copy()
    lab["category"] = lab["path"].map(to_category, na_action=None)
    lab = lab[["generation_id", "category"]].drop_duplicates()

    gen["tokens"] = gen["tokens_prompt"].fillna(0) + gen["tokens_completion"].fillna(0)
    day = pd.to_datetime(gen["created_at"], utc=True).dt.tz_localize(None).dt.normalize()
    gen["week"] = day - pd.to_timedelta(day.dt.day_of_week, unit="D")
    gen = gen[gen["generation_id"].isin(lab["generation_id"])]

    whole = gen.groupby("week")["tokens"].sum()
    out = gen.merge(lab, on="generation_id").groupby(["week", "category"], as_index=False)["tokens"].sum()
    out["share"] = out["tokens"] / out["week"].map(whole)
    out["week"] = out["week"].dt.strftime("%Y-%m-%d")
    return out[["week", "category", "share", "tokens"]]
