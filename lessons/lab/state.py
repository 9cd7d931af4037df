"""The state of the laboratory: all that the learner has set, checked, and the scenario in YAML that says the same.

The scenario is the only way from a state to a world: what is saved is what was run.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Annotated, Any, NoReturn

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.contract.nearest_names import did_you_mean
from sim.mechanisms import MECHANISMS
from testbed import shipped
from testbed.failure import BadInput

MOST_USERS = 50_000
"""Of a world in the laboratory, large accounts included: about two seconds of work (assumed)."""
MOST_TEXT = 60_000  # characters of a scenario that is opened
FIRST = "one-frontier-model"
"""The shipped scenario with which the laboratory opens."""

Number = Annotated[float, Field(allow_inf_nan=False)]
Value = bool | Number
Plain = str | bool | int | Number | None


class Model(BaseModel):
    """What was set of a model. like: this model is the learner's own, and begins as a copy of that one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    like: str | None = None
    released: dt.date | None = None
    price_usd_per_mtok: Number | None = None
    ability: Number | None = None


class State(BaseModel):
    """What the learner has set; what is not set is as the scenario `base` says, or `text`, a scenario opened.

    mechanisms: by mechanism and key, `enabled` or a number. calendar: all events of the market, in a scenario's words.
    look: the model whose panel is shown. twin: the mechanism that is flipped in the twin.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: str = FIRST
    text: Annotated[str, Field(max_length=MOST_TEXT)] | None = None
    users: Annotated[int, Field(ge=1, le=MOST_USERS)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    mechanisms: dict[str, dict[str, Value]] = {}
    models: Annotated[dict[str, Model], Field(max_length=40)] = {}
    calendar: Annotated[list[dict[str, Plain]], Field(max_length=40)] | None = None
    look: str | None = None
    twin: str = "fit"


def read(given: Any) -> State:
    """The state that JSON of the page says. Raises BadInput, in words, for anything else."""
    try:
        state = State.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the state"
        raise BadInput(f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}") from None
    for key in (*state.mechanisms, state.twin):
        if key not in MECHANISMS:
            _unknown("mechanism", key, MECHANISMS)
    if state.text is None and state.base not in shipped.worlds():
        _unknown("scenario", state.base, shipped.worlds())
    return state


def _unknown(kind: str, given: str, known: Any) -> NoReturn:
    raise BadInput(
        f"no {kind} is called '{given[:60]}'; {did_you_mean(given, known) or 'known: ' + ', '.join(known)}"
    )


def changes(state: State) -> dict[str, Any]:
    """What the state changes of its base, in the words of a scenario."""
    told: dict[str, Any] = {}
    for key, value in (("seed", state.seed), ("users", state.users), ("calendar", state.calendar)):
        if value is not None:
            told[key] = value
    models = {
        slug: {key: value for key, value in model.model_dump().items() if value is not None}
        for slug, model in state.models.items()
    }
    mechanisms = {
        key: {name: _written(value) for name, value in keys.items()} for key, keys in state.mechanisms.items()
    }
    for key, section in (("models", models), ("mechanisms", mechanisms)):
        if kept := {name: held for name, held in section.items() if held}:
            told[key] = kept
    if state.look is not None:
        told["look_at"] = [state.look]
    return told


def _written(value: Value) -> Value | str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return int(value) if math.isfinite(value) and value == int(value) and abs(value) < 2**53 else value


def as_yaml(state: State, base: str) -> str:
    """The state as a scenario that extends `base`, a shipped name or a file beside it."""
    return dumped({"extends": base, **changes(state)})


def dumped(told: dict[str, Any]) -> str:
    """Keys and values as YAML, in their order."""
    return yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=110)
