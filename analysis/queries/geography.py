"""Where use comes from: spend by continent, tokens by language, continent and country.

Region is the billing country of the account; language is the detected language of the prompt. What is not
recorded (null) makes up `unknown`, which is shown and stays in every denominator.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd

from analysis import vocabulary as v
from analysis.contract import CONTINENTS
from analysis.queries import weekly as step
from analysis.queries.query import finished_by
from analysis.sources.log import Log, NotAvailable

UNKNOWN = "unknown"
PLACES = ("continent", "country", "language")
LANGUAGES = {
    "en": "English", "zh-Hans": "Chinese, simplified", "zh-Hant": "Chinese, traditional", "zh": "Chinese",
    "ru": "Russian", "es": "Spanish", "th": "Thai", "ja": "Japanese", "ko": "Korean", "de": "German",
    "fr": "French", "pt": "Portuguese", "it": "Italian", "nl": "Dutch", "pl": "Polish", "tr": "Turkish",
    "vi": "Vietnamese", "hi": "Hindi", "ar": "Arabic", "id": "Indonesian", "uk": "Ukrainian",
}  # fmt: skip


def by_place(log: Log, place: str) -> ir.Table:
    """Sums by week and places: week, `place` (and more places), requests, tokens, spend_usd. One scan of the
    log serves all places; a query that stands alone sums by its own only.
    """
    log.need(place, what=f"shares by {place}")

    def build() -> ir.Table:
        rows = log.generations
        places = [name for name in PLACES if name in log.columns] if log.keeps_steps else [place]
        keys: dict[str, ir.Value] = {name: rows[name].fill_null(UNKNOWN) for name in places}
        return rows.group_by(week=v.week(rows.created_at), **keys).aggregate(
            requests=rows.count().cast("int64"),
            tokens=v.total(v.tokens_total(rows)),
            spend_usd=v.amount(rows.cost_total),
        )

    return log.shared("places", build)


def _recorded(frame: pd.DataFrame, place: str) -> None:
    if len(frame) and set(frame[place]) == {UNKNOWN}:
        raise NotAvailable(place, "the log has the column but no value in it")


def _finish_spend(frame: pd.DataFrame, log: Log) -> pd.DataFrame:
    """Every week with every continent that occurs."""
    _recorded(frame, "continent")
    present = set(frame["continent"])
    order = [name for name in (*CONTINENTS, UNKNOWN) if name in present]
    order += sorted(present - set(order))
    weeks = frame.groupby("week")["week_spend_usd"].max()
    own = ["requests", "spend_usd", "share"]
    full = step.grid(frame[["week", "continent", *own]], "continent", order, own).join(weeks, on="week")
    full["share"] = full["share"].where(full["week_spend_usd"] > 0)
    return step.mark_complete(full, log)


@finished_by(_finish_spend)
def weekly_spend(log: Log) -> ir.Table:
    """Share of spend by week and continent of billing: claims C109 to C111 (figure 24).

    spend_usd (USD charged; own-key requests count with the gateway's fee) and requests (count): all requests of
    the week billed there. share = spend_usd over week_spend_usd, the spend of all continents in that week;
    missing in a week without spend. complete: the log covers the whole week. Needs the column continent.
    """
    t = by_place(log, "continent")
    sums = t.group_by("week", "continent").aggregate(
        requests=v.total(t.requests), spend_usd=t.spend_usd.sum()
    )
    sums = sums.mutate(week_spend_usd=v.whole_amount(sums.spend_usd, [sums.week]))
    return sums.mutate(share=v.ratio(sums.spend_usd, sums.week_spend_usd)).order_by("week", "continent")


def _token_shares(log: Log, place: str, window: step.Window | None) -> ir.Table:
    t = by_place(log, place).filter(lambda t: v.within(t.week, window))
    sums = t.group_by(place).aggregate(requests=v.total(t.requests), tokens=v.total(t.tokens))
    return sums.mutate(share=v.ratio(sums.tokens, v.whole(sums.tokens, []))).order_by(
        ibis.desc("tokens"), place
    )


def _finish_languages(frame: pd.DataFrame, log: Log, window: step.Window | None = None) -> pd.DataFrame:
    _recorded(frame, "language")
    frame.insert(1, "name", frame["language"].map(lambda code: LANGUAGES.get(code, code)).astype("str"))
    return frame


@finished_by(_finish_languages)
def language_shares(log: Log, window: step.Window | None = None) -> ir.Table:
    """Share of tokens by detected language of the prompt over the weeks whose Monday lies in the window: claim
    C112 (table 2).

    tokens (prompt + completion) and requests (count) of all requests in the language (BCP 47 code). share =
    tokens over the tokens of all languages. Needs the column language.
    """
    return _token_shares(log, "language", window)


def _finish_continents(frame: pd.DataFrame, log: Log, window: step.Window | None = None) -> pd.DataFrame:
    _recorded(frame, "continent")
    return frame


@finished_by(_finish_continents)
def continent_shares(log: Log, window: step.Window | None = None) -> ir.Table:
    """Share of tokens by continent of billing over the weeks whose Monday lies in the window: claim C113 (in
    the report's web edition only).

    tokens (prompt + completion) and requests (count) of all requests billed there. share = tokens over the
    tokens of all continents. Needs the column continent.
    """
    return _token_shares(log, "continent", window)


def _finish_countries(frame: pd.DataFrame, log: Log, window: step.Window | None = None) -> pd.DataFrame:
    _recorded(frame, "country")
    return frame


@finished_by(_finish_countries)
def country_shares(log: Log, window: step.Window | None = None) -> ir.Table:
    """Share of tokens by billing country over the weeks whose Monday lies in the window: claims C03 and C114 (in
    the report's web edition only).

    tokens (prompt + completion) and requests (count) of all requests billed in the country (ISO 3166-1 alpha-2
    code). share = tokens over the tokens of all countries. Needs the column country.
    """
    return _token_shares(log, "country", window)
