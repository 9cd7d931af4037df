# question: cohort_sizes
import pandas as pd


def answer(generations: pd.DataFrame) -> pd.DataFrame:
    g = generations.copy()

    # user, else account
    g["user"] = g["user_id"].astype("object").mask(g["user_id"].isna() | (g["user_id"] == ""), g["account_id"].astype("object"))

    # first use of every listing
    listing = ["model", "variant", "user"]
    first = (
        g.assign(variant=g["variant"].astype("object").fillna("standard"))
        .groupby(listing, as_index=False)["created_at"]
        .min()
    )
    first["cohort"] = pd.to_datetime(first["created_at"], utc=True).dt.strftime("%Y-%m-01")

    out = (
        first.groupby(["model", "cohort"])["user"]
        .nunique()
        .rename("users")
        .reset_index()
        .sort_values(["model", "cohort"])
    )
    return out
