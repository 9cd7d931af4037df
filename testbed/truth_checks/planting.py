"""Whether a scenario planted loyal users: the answer that a verdict on its log should find."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from analysis.contract.files import manifest_of


def planted(run: Path) -> str:
    """In a sentence, what share of a launch cohort the run's scenario made loyal by construction, and how many
    users."""
    section = manifest_of(run)["resolved"].get("planted_loyalty")
    if not section or not section["loyal_share"]:
        return "Nothing is planted: no user stays by construction."
    users = pq.read_metadata(run / "truth" / "planted.parquet").num_rows
    return (
        f"Planted by the scenario: {section['loyal_share']:.0%} of those who began with {section['model']} in the "
        f"month of its release, {users:,} users, stay by construction."
    )
