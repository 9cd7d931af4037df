"""Figure 24 and table 2: spend by continent, tokens by language, continent and country."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from analysis.queries import geography
from analysis.report.charts import samples
from analysis.report.charts.chart import DASHES, Bars, Lines, Series, Value
from analysis.report.charts.palette import CONTINENT_COLOURS
from analysis.report.exhibit import Exhibit
from analysis.report.window import in_window, over_window
from analysis.study import MAIN_WINDOW

_SERIES = Series(
    "continent", list(CONTINENT_COLOURS), {}, CONTINENT_COLOURS,
    {"Europe": DASHES[1], "South America": DASHES[2], "Oceania": DASHES[3], geography.UNKNOWN: DASHES[2]},
)  # fmt: skip
_WEB = "In the report's web edition only."
_FORMATS: dict[str, Any] = {"requests": "count", "tokens": "tokens", "share": "share"}


def _spend(frame: pd.DataFrame) -> Lines:
    more = (Value("spend_usd", "spend, USD", "usd"), Value("requests", "requests", "count"))
    return Lines(frame, Value("share", "share of the week's spend"), _SERIES, more=more, ends="last")


def _tokens(frame: pd.DataFrame, label: str) -> Bars:
    more = (Value("tokens", "tokens", "tokens"), Value("requests", "requests", "count"))
    return Bars(frame, Value("share", "share of tokens"), label, most=15, more=more)


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        id="fig24",
        title="Spend by continent",
        section="geography",
        cells=("continents",),
        unit="share of the week's spend",
        table=in_window(geography.weekly_spend, MAIN_WINDOW),
        queries=(geography.weekly_spend,),
        sample=samples.spend,
        chart=_spend,
        claims=("C109", "C110", "C111"),
        choice="The report speaks of spend in one section and of token demand in another: this is spend. Requests paid "
        "with the customer's own key count with the gateway's fee.",
        compared="share",
        key=("continent",),
        formats={
            "week": "week", "continent": "text", "requests": "count", "spend_usd": "usd", "share": "share",
            "week_spend_usd": "usd",
        },
    ),
    Exhibit(
        id="table2",
        title="Tokens by language of the prompt",
        section="geography",
        cells=("languages",),
        unit="share of tokens",
        table=over_window(geography.language_shares, MAIN_WINDOW),
        queries=(geography.language_shares,),
        sample=samples.within(MAIN_WINDOW),
        chart=partial(_tokens, label="name"),
        claims=("C112",),
        choice="All languages are listed; the report names five and adds up the rest.",
        compared="share",
        key=("language",),
        formats={"name": "text", "language": "text", **_FORMATS},
    ),
    Exhibit(
        id="table2b",
        title="Tokens by continent",
        section="geography",
        cells=("continents",),
        unit="share of tokens",
        table=over_window(geography.continent_shares, MAIN_WINDOW),
        queries=(geography.continent_shares,),
        sample=samples.within(MAIN_WINDOW),
        chart=partial(_tokens, label="continent"),
        claims=("C113",),
        choice=_WEB,
        compared="share",
        key=("continent",),
        formats={"continent": "text", **_FORMATS},
    ),
    Exhibit(
        id="table2c",
        title="Tokens by country",
        section="geography",
        cells=("countries",),
        unit="share of tokens",
        table=over_window(geography.country_shares, MAIN_WINDOW),
        queries=(geography.country_shares,),
        sample=samples.within(MAIN_WINDOW),
        chart=partial(_tokens, label="country"),
        claims=("C03", "C114"),
        choice=f"{_WEB} There, the United States and Canada (49.07%) exceed North America (47.22%).",
        compared="share",
        key=("country",),
        formats={"country": "text", **_FORMATS},
    ),
)  # fmt: skip
