"""What all mechanisms have in common: a switch, a rule, a source; and the section of a scenario that holds them."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter, create_model

from sim.config.switches import ALL, ALL_RULE, ENABLED, WORDS, Switch
from sim.settings.values import Settings


def _say_source(schema: dict[str, Any], kind: type["Mechanism"]) -> None:
    schema["description"] += f" Off: {kind.off}. Source: {kind.source}."


class Mechanism(Settings):
    """A cause that can be switched off. Its fields are its parameters; its methods are pure, and hold its rule."""

    model_config = ConfigDict(json_schema_extra=_say_source)

    key: ClassVar[str]
    """Its name in a scenario, and that of its file."""
    rule: ClassVar[str]
    """What it computes, for the table of the ODD."""
    source: ClassVar[str]
    """Where form and values come from, or "assumed"."""
    off: ClassVar[str]
    """What happens instead where it is switched off."""

    enabled: Switch = Field(True, description="on or off")
    """One that shipped worlds do not have yet is off by default: it says so in its own field."""


Kind = TypeVar("Kind", bound=Mechanism)


def _with_all(schema: dict[str, Any]) -> None:
    """`all` is for files only: a scenario that was read has each mechanism's own switch."""
    switch = TypeAdapter(Switch).json_schema()
    schema["properties"] = {ALL: {**switch, "description": ALL_RULE}, **schema["properties"]}


class MechanismSet(Settings):
    """Causes, each of which can be switched off."""

    model_config = ConfigDict(json_schema_extra=_with_all)

    def __getitem__(self, kind: type[Kind]) -> Kind:
        found: Kind = getattr(self, kind.key)
        return found


def section_of(mechanisms: Mapping[str, type[Mechanism]], module: str) -> type[MechanismSet]:
    """The section with a key for each mechanism, by default as its class says. module: where it is found, as
    Mechanisms; other processes are sent scenarios, and look for it there."""
    fields: dict[str, Any] = {
        key: (Annotated[kind, BeforeValidator(_read, json_schema_input_type=kind | Switch)], kind())
        for key, kind in mechanisms.items()
    }
    return create_model(
        "Mechanisms", __base__=MechanismSet, __doc__=MechanismSet.__doc__, __module__=module, **fields
    )


def _read(value: Any) -> Any:
    """`off` and `on` stand for a mechanism without, or with, its default parameters; to name one is to switch on."""
    if isinstance(value, str) and value.lower() not in WORDS:
        raise ValueError("expected on, off, or a mapping of the mechanism's parameters")
    if isinstance(value, dict) and value:
        return {ENABLED: True, **value}
    return {ENABLED: value} if isinstance(value, bool | str) else value
