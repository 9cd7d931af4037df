# %% [markdown]
# How much of the monthly audience is each cohort?
# question: mean_retention_by_cohort
# model: author/slug

# %%
import pandas as pd


# %%
def cohort_means(generations: pd.DataFrame) -> pd.DataFrame:
    utc = generations["created_at"].dt.tz_convert("UTC").dt.tz_localize(None)
    open_month = (utc.max().normalize() + pd.Timedelta(days=1)).to_period("M")
    frame = pd.DataFrame({
        "who": generations["user_id"].replace("", pd.NA).combine_first(generations["account_id"]),
        "month": utc.dt.to_period("M"),
    })[(generations["model"] == "author/slug") & (utc.dt.to_period("M") < open_month)]
    frame = frame.dropna().drop_duplicates()
    frame["cohort"] = frame.groupby("who")["month"].transform("min")
    table = frame.pivot_table(index="cohort", columns="month", values="who", aggfunc="nunique", fill_value=0)
    months = pd.period_range(table.index.min(), open_month - 1, freq="M") if len(table) else []
    table = table.reindex(columns=months, fill_value=0)
    share = table / table.sum()  # of all who are active in that month
    rows = [
        (cohort.to_timestamp(), share.loc[cohort, [m for m in months if m > cohort]].mean())
        for cohort in table.index if cohort < open_month - 1
    ]
    return pd.DataFrame(rows, columns=["cohort", "retention"])
