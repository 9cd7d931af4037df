"""How long requests are: prompts, completions, the reasoning in them, programming, and what their growth is made of."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis.proportions import share
from analysis.queries import usage
from analysis.queries import weekly as step
from analysis.queries.categories import labelled
from analysis.queries.query import finished_by
from analysis.sources.log import Log

EDGE_WEEKS = 4  # complete weeks at either end of a window, between which growth is measured (assumed)
PROGRAMMING = "programming"


@finished_by(step.mark_complete)
def reasoning_lengths(log: Log) -> ir.Table:
    """Mean completion tokens with their reasoning part, by week: driver of claim C70 (figure 15).

    requests (count): requests with recorded reasoning tokens. tokens_reasoning, tokens_visible (tokens):
    reasoning tokens inside those requests' completions, and the rest of them. mean_reasoning, mean_visible:
    those over requests, tokens per request; their sum is the mean completion of those requests. Needs the column
    tokens_reasoning.
    """
    t = step.by_model(log, "tokens_reasoning", "reasoning_known_requests", "reasoning_known_completion")
    sums = t.group_by("week").aggregate(
        requests=v.total(t.reasoning_known_requests),
        tokens_reasoning=v.total(t.tokens_reasoning).fill_null(0),
        known=v.total(t.reasoning_known_completion),
    )
    sums = sums.mutate(tokens_visible=sums.known - sums.tokens_reasoning).drop("known")
    return sums.mutate(
        mean_reasoning=v.ratio(sums.tokens_reasoning, sums.requests),
        mean_visible=v.ratio(sums.tokens_visible, sums.requests),
    ).order_by("week")


def completion_lengths(log: Log) -> pd.DataFrame:
    """Mean completion tokens per request by week, with and without reasoning: claim C70 (figure 15).

    mean_completion = tokens_completion over requests, all requests of the week (tokens per request; reasoning is
    inside). mean_visible = completion tokens without the reasoning tokens, mean_reasoning = reasoning tokens,
    both over reasoning_requests, the requests with recorded reasoning tokens; empty where the log does not
    record them. Derived from the queries `usage.weekly` and `lengths.reasoning_lengths`.
    """
    frame = usage.weekly(log)[["week", "requests", "tokens_completion", "mean_completion", "complete"]]
    columns = ["tokens_reasoning", "mean_reasoning", "mean_visible"]
    if "tokens_reasoning" not in log.columns:
        return frame.assign(**dict.fromkeys(["reasoning_requests", *columns], float("nan")))
    parts = reasoning_lengths(log).rename(columns={"requests": "reasoning_requests"})
    return frame.join(parts.set_index("week")[["reasoning_requests", *columns]], on="week")


@finished_by(step.mark_complete)
def labelled_lengths(log: Log) -> ir.Table:
    """Mean lengths of labelled requests with and without programming, by week: claim C75 (figure 18).

    programming: the request carries the category programming (true) or not (false). requests (count): distinct
    labelled requests; mean_total = their prompt + completion tokens over requests, tokens per request. Labels
    with confidence below 0.5 are dropped. Needs the labels table.
    """
    rows = labelled(log)
    one = rows.group_by("generation_id", "week").aggregate(
        programming=v.count_where(rows.category == PROGRAMMING) > 0, tokens=rows.tokens.max()
    )
    sums = one.group_by("week", "programming").aggregate(
        requests=one.count().cast("int64"), tokens=v.total(one.tokens)
    )
    return sums.mutate(mean_total=v.ratio(sums.tokens, sums.requests)).order_by("week", "programming")


def programming_length(log: Log) -> pd.DataFrame:
    """Length of programming requests against all requests, by week: claim C75 (figure 18).

    mean_programming = prompt + completion tokens of labelled requests that carry programming over their number
    (programming_requests, the sample); mean_other likewise of labelled requests without it; mean_all = tokens
    over requests of all requests of the week, labelled or not; all in tokens per request. ratio =
    mean_programming over mean_all; ratio_other = mean_programming over mean_other. Both are given, and the first is
    drawn (it fits better what the report says, "3 to 4 times general-purpose prompts"). Labels with confidence below
    0.5 are dropped. Derived from the queries `lengths.labelled_lengths` and `usage.weekly`; needs the labels table.
    """
    frame = labelled_lengths(log)
    out = usage.weekly(log)[["week", "mean_total", "complete"]].rename(columns={"mean_total": "mean_all"})
    for flag, name in ((True, "programming"), (False, "other")):
        part = frame[frame["programming"] == flag].set_index("week")[["requests", "mean_total"]]
        part.columns = pd.Index([f"{name}_requests", f"mean_{name}"])
        out = out.join(part, on="week")
        out[f"{name}_requests"] = out[f"{name}_requests"].fillna(0).astype("int64")
    out["ratio"] = share(out["mean_programming"], out["mean_all"])
    out["ratio_other"] = share(out["mean_programming"], out["mean_other"])
    columns = ["week", "programming_requests", "other_requests", "mean_programming", "mean_other", "mean_all"]
    out = out[(out["programming_requests"] > 0) | (out["other_requests"] > 0)].reset_index(drop=True)
    return out[[*columns, "ratio", "ratio_other", "complete"]]


@finished_by(step.mark_complete)
def category_prompts(log: Log) -> ir.Table:
    """Prompt tokens of labelled requests by week and category, each request split evenly over its categories:
    what `prompt_growth` decomposes (claim C73).

    weight (requests): sum over the requests that carry the category of 1 over the number of distinct categories
    of the request, so that the weights of a week add up to its labelled requests; tokens_prompt (tokens): prompt
    tokens, split likewise. Labels with confidence below 0.5 are dropped. Needs the labels table.
    """
    rows = labelled(log)
    carried = rows.count().over(ibis.window(group_by=rows.generation_id))
    rows = rows.mutate(part=v.ratio(ibis.literal(1), carried))
    sums = rows.group_by("week", "category").aggregate(
        weight=rows.part.sum(), tokens_prompt=(rows.tokens_prompt.cast("float64") * rows.part).sum()
    )
    return sums.order_by("week", "category")


def prompt_growth(log: Log, window: step.Window | None = None, weeks: int = EDGE_WEEKS) -> pd.DataFrame:
    """What the growth of mean prompt tokens is made of: growth within categories, and change of mix (claim C73).

    From the first to the last `weeks` complete labelled weeks of the window (fewer where there are fewer than
    twice as many). With w = a category's share of labelled requests and m = its mean prompt tokens: within = mean
    of both w times the change of m; mix = change of w times (mean of both m less the mean of both overall
    means); total = within + mix. All in tokens per request; the totals add up to the change of the overall mean
    exactly (Kitagawa 1955). part = total over that change. A request with several categories is split evenly
    over them. The row `all`: w = 1, the overall means, the sums. Derived from the query
    `lengths.category_prompts`; needs the labels table.
    """
    columns = [
        "category",
        "share_first",
        "share_last",
        "mean_first",
        "mean_last",
        "within",
        "mix",
        "total",
        "part",
    ]
    frame = step.inside(category_prompts(log), window)
    frame = frame[frame["complete"]]
    known = sorted(frame["week"].unique())
    count = min(weeks, len(known) >> 1)
    if not count:
        return pd.DataFrame(columns=columns).astype(
            dict.fromkeys(columns[1:], "float64") | {"category": "str"}
        )
    sides = []
    for end, chosen in (("first", known[:count]), ("last", known[-count:])):
        part = frame[frame["week"].isin(chosen)].groupby("category")[["weight", "tokens_prompt"]].sum()
        sides.append(part.add_suffix(f"_{end}"))
    both = sides[0].join(sides[1], how="outer").fillna(0.0)
    out = pd.DataFrame(index=both.index)
    overall = {}
    for end in ("first", "last"):
        weight, tokens = both[f"weight_{end}"], both[f"tokens_prompt_{end}"]
        out[f"share_{end}"] = share(weight, weight.sum())
        out[f"mean_{end}"] = share(tokens, weight)
        overall[end] = float(share(tokens.sum(), weight.sum()))
    for end, other in (
        ("first", "last"),
        ("last", "first"),
    ):  # a category that only one side has did not grow
        out[f"mean_{end}"] = out[f"mean_{end}"].fillna(out[f"mean_{other}"])
    centre = 0.5 * (overall["first"] + overall["last"])
    out["within"] = 0.5 * (out["share_first"] + out["share_last"]) * (out["mean_last"] - out["mean_first"])
    middle = 0.5 * (out["mean_first"] + out["mean_last"]) - centre
    out["mix"] = (out["share_last"] - out["share_first"]) * middle
    out["total"] = out["within"] + out["mix"]
    out = out.sort_values("total", ascending=False, kind="stable").reset_index()
    whole = {"category": "all", "share_first": 1.0, "share_last": 1.0}
    whole |= {f"mean_{end}": mean for end, mean in overall.items()}
    whole |= {column: float(out[column].sum()) for column in ("within", "mix", "total")}
    out = pd.concat([out, pd.DataFrame([whole])], ignore_index=True)
    change = overall["last"] - overall["first"]
    out["part"] = out["total"].div(change if change else float("nan"))
    return out[columns]
