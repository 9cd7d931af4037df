"""Facts of the models table that several analyses need: days of release, names, whether weights are open."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from analysis.queries.query import day
from analysis.sources.log import Log


def release_days(log: Log) -> dict[str, dt.date]:
    """Release day of each model of the models table; empty without one."""
    models = log.models
    if models is None:
        return {}

    def read() -> dict[str, dt.date]:
        frame = models.select("model", "released").to_pandas()
        days = pd.to_datetime(frame["released"])
        return {
            model: day(moment)
            for model, moment in zip(frame["model"], days, strict=True)
            if not pd.isna(moment)
        }

    return log.once("release_days", read)


def model_names(log: Log) -> dict[str, str]:
    """Name for people of each model of the models table; empty without one. A name that is no more than the end of the
    id, or that two models share, would not tell whose model it is: there the id stands for it."""
    if log.models is None or "name" not in log.models.columns:
        return {}
    models = log.models
    frame = log.remembered("model_names", lambda: models.select("model", "name").to_pandas())
    named = frame[frame["name"].notna()]
    shared = set(named.loc[named["name"].duplicated(), "name"])
    return {
        model: model if name in shared or model.endswith(f"/{name}") else name
        for model, name in zip(named["model"], named["name"], strict=True)
    }


def open_weights(log: Log) -> dict[str, bool]:
    """Whether each model of the models table has open weights; empty without one."""
    if log.models is None or "open_weights" not in log.models.columns:
        return {}
    models = log.models
    frame = log.remembered("open_weights", lambda: models.select("model", "open_weights").to_pandas())
    return dict(zip(frame["model"], frame["open_weights"], strict=True))
