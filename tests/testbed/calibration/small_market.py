"""A market of seven models and claims on it, written by hand, so that what can hold together is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract import CATEGORIES
from testbed.calibration.problem import Problem, around
from testbed.calibration.tensor import sight
from testbed.calibration.tensor.amounts import Amounts
from testbed.calibration.tensor.frame import main_weeks
from testbed.calibration.tensor.worlds import Simulated
from testbed.claims.registry import load

MODELS = {
    # model: source, size, reasoning, released, USD per million tokens
    "acme/closed": ("closed", None, False, "2024-01-01", 2.0),
    "acme/late": ("closed", None, True, "2025-09-01", 4.0),
    "deepseek/chat": ("cn-open", "large", False, "2024-01-01", 0.3),
    "deepseek/r1": ("cn-open", "large", True, "2025-01-20", 0.6),
    "qwen/small": ("cn-open", "small", False, "2024-01-01", 0.1),
    "meta-llama/large": ("row-open", "large", False, "2024-01-01", 0.4),
    "meta-llama/small": ("row-open", "small", False, "2024-01-01", 0.1),
}


def facts() -> pd.DataFrame:
    """The models table's facts."""
    rows = []
    for model, (source, size, reasoning, released, usd) in MODELS.items():
        price = {"from": pd.Timestamp("2023-01-01").date(), "prompt_usd_per_mtok": usd,
                 "completion_usd_per_mtok": usd}  # fmt: skip
        rows.append({
            "model": model, "author": model.split("/")[0], "source": source, "open_weights": "open" in source,
            "origin": "CN" if source.startswith("cn") else "RoW", "released": pd.Timestamp(released),
            "retired": pd.NaT, "size_class": size, "reasoning_optimised": reasoning, "prices": [price],
            "free_windows": [],
        })  # fmt: skip
    return pd.DataFrame(rows)


def amounts(seed: int = 1) -> Amounts:
    """Every model's traffic in every week from its release on: random, three kinds of work in twelve categories."""
    rng = np.random.default_rng(seed)
    weeks, models = main_weeks(), tuple(MODELS)
    tokens = rng.gamma(2.0, 1000.0, size=(len(weeks), len(models), len(CATEGORIES)))
    tokens *= 1 + np.arange(len(weeks))[:, None, None] / 20
    for number, (_, _, _, released, _) in enumerate(MODELS.values()):
        tokens[: sum(str(week) < released for week in weeks), number] = 0.0
    usd = np.array([row[4] for row in MODELS.values()])[:, None] * 1e-6 * tokens
    return Amounts(weeks, models, {
        "tokens": tokens, "prompt_tokens": 0.9 * tokens, "completion_tokens": 0.1 * tokens,
        "requests": tokens / rng.uniform(1000, 4000, size=(1, len(models), len(CATEGORIES))),
        "tool_tokens": 0.1 * tokens, "spend_usd": usd, "charged_tokens": tokens, "charged_usd": usd,
        "paid_tokens": tokens, "ranked_tokens": tokens,
    })  # fmt: skip


def market(seed: int = 1) -> Simulated:
    """The market."""
    return Simulated(amounts(seed), facts(), sight.perfect())


def problem(folder: Path, claims: str, seed: int = 1, step: int = 2) -> Problem:
    """Claims around the market. claims: the ids with what follows `text` in the registry's file, as YAML."""
    file = folder / "claims.yaml"
    file.write_text(f"version: 1\nsections:\n  openness:\n    title: A section\n    claims:\n{claims}")
    return around(market(seed), step=step, claims=load(file))


def claim(number: int, statistic: str, predicate: str, calibration: bool = True) -> str:
    """One claim as YAML."""
    return (
        f"      C{number:02d}:\n"
        f"        where: by hand\n        text: A claim by hand\n        reported: a number\n"
        f"        statistic: {statistic}\n        predicate: {predicate}\n"
        f"        role: emergent\n        calibration: {str(calibration).lower()}\n"
        f"        basis: stated\n"
    )


def share(of: str, summary: str = "mean", within: str = "{}") -> str:
    """A statistic: a share of tokens."""
    return f"{{name: openness.share, of: {of}, within: {within}, summary: {summary}}}"


def weekly(of: str, within: str = "{}") -> str:
    """A statistic: a share of tokens by week."""
    return f"{{name: openness.weekly_share, of: {of}, within: {within}}}"
