"""Distributions as scenario parameters: `{lognormal: {median: 900, sigma: 1.1}}`, or a number for a constant.

A draw is a keyed uniform pushed through `quantile`, so that it depends on its key and the distribution only.
`min` and `max` truncate: the distribution is the one conditional on lying between them (not clipped to them).
Formulas: Johnson, Kotz & Balakrishnan, Continuous Univariate Distributions, vol. 1 (2nd ed., 1994),
chapters 13, 14 and 19.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    model_serializer,
    model_validator,
)
from pydantic_core import CoreSchema
from scipy.special import ndtr, ndtri

from sim.config.problems import ProblemAt
from sim.settings.timelines import Timeline

__all__ = ["FAMILIES", "Distribution", "Timeline"]

Floats = NDArray[np.float64]

SMALLEST_U = 2.0**-54  # a uniform of exactly 0 or 1 would be an infinite draw
LARGEST_U = 1.0 - 2.0**-53
LEAST_MASS = 1e-9  # probability that truncation must leave; below it quantiles lose their digits

FAMILIES = ("normal", "lognormal", "exponential", "uniform", "constant")

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Family(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @abstractmethod
    def quantile(self, u: Floats) -> Floats:
        """Inverse of the distribution function, u strictly between 0 and 1."""

    @property
    @abstractmethod
    def mean(self) -> float:
        """Expectation."""

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Infimum and supremum of what can be drawn."""


class _Truncated(_Family):
    min: Number | None = None
    """no draw below this (truncation, not clipping)"""
    max: Number | None = None
    """no draw above this (truncation, not clipping)"""

    @abstractmethod
    def _cdf(self, x: float) -> float: ...

    @abstractmethod
    def _ppf(self, u: Floats) -> Floats: ...

    @property
    def _bounds(self) -> tuple[float, float]:
        return (-math.inf if self.min is None else self.min, math.inf if self.max is None else self.max)

    @property
    def _probabilities(self) -> tuple[float, float]:
        low, high = self._bounds
        return (self._cdf(low), self._cdf(high))

    @property
    def truncation(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The probabilities between which it is truncated, and its bounds."""
        return self._probabilities, self._bounds

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        low, high = self._bounds
        if low >= high:
            raise ProblemAt("max", f"must be more than min ({low:g}), got {high:g}")
        below, up_to = self._probabilities
        if up_to - below < LEAST_MASS:
            at = "min" if self.min is not None else "max"
            raise ProblemAt(at, "min and max leave almost nothing of this distribution", "widen the bounds")
        return self

    def quantile(self, u: Floats) -> Floats:
        if self.min is None and self.max is None:
            return self._ppf(u)
        below, up_to = self._probabilities
        inside = np.clip(below + u * (up_to - below), SMALLEST_U, LARGEST_U)
        return np.clip(self._ppf(inside), *self._bounds)

    @property
    def support(self) -> tuple[float, float]:
        return self._bounds


class Normal(_Truncated):
    """A normal distribution."""

    mean_: Number = Field(alias="mean", description="mean before truncation")
    sd: Positive = Field(description="standard deviation before truncation; use constant for none")

    def _cdf(self, x: float) -> float:
        return float(ndtr((x - self.mean_) / self.sd))

    def _ppf(self, u: Floats) -> Floats:
        return self.mean_ + self.sd * np.asarray(ndtri(u))

    @property
    def mean(self) -> float:
        a, b = ((bound - self.mean_) / self.sd for bound in self._bounds)
        below, up_to = self._probabilities
        return self.mean_ + self.sd * (_density(a) - _density(b)) / (up_to - below)


class Lognormal(_Truncated):
    """The exponential of a normal distribution."""

    median: Positive = Field(description="median before truncation")
    sigma: Positive = Field(description="standard deviation of the natural logarithm; use constant for none")

    def _z(self, x: float) -> float:
        return (math.log(x / self.median) if x > 0 else -math.inf) / self.sigma

    def _cdf(self, x: float) -> float:
        return float(ndtr(self._z(x)))

    def _ppf(self, u: Floats) -> Floats:
        return self.median * np.exp(self.sigma * np.asarray(ndtri(u)))

    @property
    def mean(self) -> float:
        a, b = (float(ndtr(self._z(bound) - self.sigma)) for bound in self._bounds)
        below, up_to = self._probabilities
        return self.median * math.exp(self.sigma**2 / 2) * (b - a) / (up_to - below)

    @property
    def support(self) -> tuple[float, float]:
        low, high = self._bounds
        return (max(low, 0.0), high)


class Exponential(_Truncated):
    """An exponential distribution."""

    mean_: Positive = Field(alias="mean", description="mean before truncation")

    def _cdf(self, x: float) -> float:
        return -math.expm1(-max(x, 0.0) / self.mean_)

    def _ppf(self, u: Floats) -> Floats:
        return -self.mean_ * np.log1p(-u)

    @property
    def mean(self) -> float:
        low, high = self.support
        tail = high * math.exp(-high / self.mean_) if math.isfinite(high) else 0.0
        below, up_to = self._probabilities
        return self.mean_ + (low * math.exp(-low / self.mean_) - tail) / (up_to - below)

    @property
    def support(self) -> tuple[float, float]:
        low, high = self._bounds
        return (max(low, 0.0), high)


class Uniform(_Family):
    """A uniform distribution."""

    low: Number
    high: Number

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ProblemAt("high", f"must be more than low ({self.low:g}), got {self.high:g}")
        return self

    def quantile(self, u: Floats) -> Floats:
        return self.low + (self.high - self.low) * u

    @property
    def mean(self) -> float:
        return self.low + (self.high - self.low) / 2

    @property
    def support(self) -> tuple[float, float]:
        return (self.low, self.high)


class Distribution(BaseModel):
    """A parameter that varies: a number, or one family with its parameters.

    One of {normal: {mean, sd}}, {lognormal: {median, sigma}}, {exponential: {mean}} (each with min, max to truncate),
    {uniform: {low, high}}, {constant: number}.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    normal_: Normal | None = Field(default=None, alias="normal")
    lognormal_: Lognormal | None = Field(default=None, alias="lognormal")
    exponential_: Exponential | None = Field(default=None, alias="exponential")
    uniform_: Uniform | None = Field(default=None, alias="uniform")
    constant_: Number | None = Field(default=None, alias="constant")

    @classmethod
    def normal(cls, mean: float, sd: float, low: float | None = None, high: float | None = None) -> Self:
        """A normal distribution, truncated to [low, high]."""
        return cls(normal=Normal(mean=mean, sd=sd, min=low, max=high))

    @classmethod
    def lognormal(
        cls, median: float, sigma: float, low: float | None = None, high: float | None = None
    ) -> Self:
        """A lognormal distribution, truncated to [low, high]; sigma is of the natural logarithm."""
        return cls(lognormal=Lognormal(median=median, sigma=sigma, min=low, max=high))

    @classmethod
    def exponential(cls, mean: float, low: float | None = None, high: float | None = None) -> Self:
        """An exponential distribution, truncated to [low, high]."""
        return cls(exponential=Exponential(mean=mean, min=low, max=high))

    @classmethod
    def uniform(cls, low: float, high: float) -> Self:
        """A uniform distribution."""
        return cls(uniform=Uniform(low=low, high=high))

    @classmethod
    def constant(cls, value: float) -> Self:
        """Always the same value."""
        return cls(constant=value)

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return handler({"constant": value})
        if not isinstance(value, dict | cls):
            raise ValueError("expected a number, or a distribution such as {normal: {mean: 1.6, sd: 0.8}}")
        return handler(value)

    @model_validator(mode="after")
    def _one_family(self) -> Self:
        given = [name for name in FAMILIES if getattr(self, f"{name}_") is not None]
        if len(given) != 1:
            what = f"{len(given)} families of distribution ({', '.join(given)})" if given else "no family"
            raise ProblemAt((), f"{what}; give exactly one of {', '.join(FAMILIES)}")
        return self

    @model_serializer
    def _write(self) -> Any:
        if self.constant_ is not None:
            return self.constant_
        name, family = self._family
        return {name: family.model_dump(by_alias=True, exclude_none=True)}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core))
        schema.pop("title", None)
        description = schema.pop("description")
        for part in schema["properties"].values():
            part.pop("default", None)
            part.pop("title", None)
            options = [option for option in part.pop("anyOf") if option != {"type": "null"}]
            part.update(options[0])
        family = {**schema, "minProperties": 1, "maxProperties": 1}
        return {"description": description, "anyOf": [{"type": "number"}, family]}

    @property
    def _family(self) -> tuple[str, _Family]:
        for name in FAMILIES:
            family = getattr(self, f"{name}_")
            if isinstance(family, _Family):
                return name, family
        raise AssertionError("a validated distribution that is not constant has a family")

    def quantile(self, u: ArrayLike) -> Floats:
        """Draws for uniforms u in [0, 1], in the shape of u; never decreasing in u, always finite."""
        inside = np.clip(np.asarray(u, dtype=np.float64), SMALLEST_U, LARGEST_U)
        if self.constant_ is not None:
            return np.full(inside.shape, self.constant_)
        return self._family[1].quantile(inside)

    @property
    def in_numbers(self) -> tuple[str, tuple[float, float], tuple[float, float], tuple[float, float]]:
        """The family, its two parameters in the order of the schema (0 where it has one), the probabilities between
        which it is truncated, and its bounds: for compiled loops."""
        everywhere = (0.0, 1.0), (-math.inf, math.inf)
        match self.constant_ if self.constant_ is not None else self._family[1]:
            case Normal() as family:
                return "normal", (family.mean_, family.sd), *family.truncation
            case Lognormal() as family:
                return "lognormal", (family.median, family.sigma), *family.truncation
            case Exponential() as family:
                return "exponential", (family.mean_, 0.0), *family.truncation
            case Uniform() as family:
                return "uniform", (family.low, family.high), *everywhere
            case value:
                return "constant", (float(value), 0.0), *everywhere  # type: ignore[arg-type]

    @property
    def mean(self) -> float:
        """Expectation, truncation included."""
        return self.constant_ if self.constant_ is not None else self._family[1].mean

    @property
    def support(self) -> tuple[float, float]:
        """Infimum and supremum of what can be drawn; infinite where unbounded."""
        return (self.constant_, self.constant_) if self.constant_ is not None else self._family[1].support


def _density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
