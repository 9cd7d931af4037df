"""Which models an analysis looks at: those that the question is about, the log's own, those of the study."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from analysis import study
from analysis.queries import model_facts, usage
from analysis.sources.log import Log

MOST_OWN = 8  # of a scenario's own models that it does not ask about, the most used ones (assumed)
LARGEST = 4  # models of a log that no run made, by tokens (assumed)


def models_asked(log: Log) -> list[str]:
    """The models of a run that its question is about, the most important first: the scenario's `look_at`, else its own
    models. Empty for a log that no run made, or if the log has no requests to them."""
    largest = usage.by_model(log)["model"].tolist()
    return [model for model in _named(log, "look_at") if model in largest] or _own(log, largest)


def models_shown(log: Log) -> list[str]:
    """The models that get a panel and a verdict where none are chosen: those that the question is about, the
    scenario's own, in a log that no run made its largest, and those of the study that the log holds. Else the
    largest. Where all are the study's, they come in its order."""
    largest = usage.by_model(log)["model"].tolist()
    known = set(largest)
    own = _own(log, largest)
    held = [panel.model for panel in study.REPORT_PANELS if panel.model in known]
    first = largest[:LARGEST] if log.manifest is None else []
    shown = list(dict.fromkeys([*models_asked(log), *own, *first, *held])) or largest[:LARGEST]
    return held if set(shown) == set(held) else shown


def answered(shown: Sequence[str], asked: Collection[str]) -> list[str]:
    """Of the models shown, those that the answer is about: those that the question is about, or all if it is about
    none of them."""
    return [model for model in shown if model in asked] or list(shown)


def first_sure(said: Sequence[tuple[str, str]]) -> str:
    """How sure the answer is: of its models (name, and how sure its verdict is) the first that says so, by name where
    there are several."""
    name, sure = next(((name, sure) for name, sure in said if sure), ("", ""))
    return f"{name}. {sure}" if sure and len(said) > 1 else sure


def panels_of(log: Log, models: Iterable[str] | None = None) -> list[study.Panel]:
    """The retention panels of `models`, by default of `models_shown`, in that order: those of the study with their
    letters and what it reads in them, where it is set beside the log."""
    panels = {panel.model: panel for panel in study.REPORT_PANELS}
    names = {model: panel.name for model, panel in panels.items()} | model_facts.model_names(log)
    known = panels if log.beside_study else {}
    chosen = models_shown(log) if models is None else models
    return [known.get(model, study.Panel("", model, names.get(model, model), "")) for model in chosen]


def _own(log: Log, largest: Sequence[str]) -> list[str]:
    """The scenario's own models in its order, of many the most used. largest: the log's models, by tokens."""
    named = _named(log, "own_models")
    most = [model for model in largest if model in named][:MOST_OWN]
    return [model for model in named if model in most]


def _named(log: Log, key: str) -> list[str]:
    """Models that the run's manifest names under a key; empty without one."""
    named = (log.manifest or {}).get(key)
    return [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
