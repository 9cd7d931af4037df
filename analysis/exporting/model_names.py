"""What an export calls a model where a format has one name for it: its version, if that leads back to the model."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from analysis.importing.model_ids import Listed, without_variants


class ModelNames:
    """Names of models as an import resolves them, counted as they are given.

    models: the listed models, a table of the contract with those of the log before others of the same name.
    """

    def __init__(self, models: pa.Table) -> None:
        self._listed = Listed(without_variants(models))
        self._known: dict[tuple[str, str | None], str] = {}
        self._rows: Counter[tuple[str, str | None]] = Counter()

    def of(self, models: pa.Array, versions: pa.Array) -> pa.Array:
        """The name of each row. models, versions: of the rows, the versions null where they are not known."""
        pairs = list(zip(models.to_pylist(), versions.to_pylist(), strict=True))
        for (model, version), rows in Counter(pairs).items():
            self._rows[model, version] += rows
            if (model, version) not in self._known:
                leads = version is not None and self._listed.resolve(version).model == model
                self._known[model, version] = version if leads else model
        return pa.array([self._known[pair] for pair in pairs], pa.string())

    def lost(self) -> int:
        """Rows whose version was not written: it would not have led back to the model."""
        return sum(rows for key, rows in self._rows.items() if key[1] not in (None, self._known[key]))

    def misread(self) -> dict[str, str]:
        """Models that an import takes for another one, with the one that it takes them for."""
        found = {model: self._listed.resolve(name).model for (model, _), name in self._known.items()}
        return {model: other for model, other in sorted(found.items()) if other != model}
