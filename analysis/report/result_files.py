"""The files of an analysis while it is written: tables as CSV and Parquet, drawn figures, and the list of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.report.charts.chart import Chart
from analysis.report.spreadsheet import write_csv
from analysis.workers import Workers

if TYPE_CHECKING:
    from analysis.report.figures.style import Drawn

# tables beside those of the exhibits
TRIANGLES, CONTRAST, VERDICTS = "fig25_triangles", "fig25_launch_contrast", "fig25_verdicts"
WITHHELD = "withheld"  # where small cells are
INDEX = "index"
PAGE = "report.html"


def has_table(folder: Path, stem: str) -> bool:
    """Whether a folder of results has a table of this stem."""
    return (folder / "tables" / f"{stem}.csv").is_file()


class ResultFiles:
    """What is written into tables/ and figures/ of a folder, by the stem of each exhibit. Paths are from the folder."""

    def __init__(self, folder: Path, workers: Workers) -> None:
        self.folder = folder
        self.workers = workers
        self.index: list[dict[str, Any]] = []
        self.drawing: dict[str, Future[Drawn]] = {}  # by stem
        (folder / "tables").mkdir()
        (folder / "figures").mkdir()

    def store(self, stem: str, frame: pd.DataFrame) -> list[str]:
        """Write a table as CSV and Parquet; returns their paths."""
        write_csv(frame, self.folder / "tables" / f"{stem}.csv")
        frame.to_parquet(self.folder / "tables" / f"{stem}.parquet", index=False)
        return [f"tables/{stem}.csv", f"tables/{stem}.parquet"]

    def draw(self, stem: str, chart: Chart, title: str, sample: str) -> list[str]:
        """Have a figure drawn by the workers; returns the paths that its two files will have."""
        from analysis.report import figures

        self.drawing[stem] = self.workers.start(figures.picture, chart, title, sample)
        return [f"figures/{stem}.{kind}" for kind in ("svg", "png")]

    def write_figures(self) -> dict[str, Drawn]:
        """Wait for the figures and write them; returns them by stem."""
        if not self.drawing:
            return {}
        from analysis.report import figures

        drawn = {stem: task.result() for stem, task in self.drawing.items()}
        for stem, picture in drawn.items():
            figures.write(picture, self.folder / "figures" / stem)
        return drawn

    def forget(self, stem: str) -> None:
        """Remove what an exhibit left before it turned out not to be available."""
        for path in (self.folder / "tables").glob(f"{stem}.*"):
            path.unlink()
        self.drawing.pop(stem, None)

    def list(
        self,
        stem: str,
        title: str,
        unit: str,
        claims: Sequence[str] = (),
        frame: pd.DataFrame | None = None,
        files: Sequence[str] = (),
    ) -> None:
        """Put an exhibit on the list. frame: its table, None for a gap."""
        row = {"id": stem, "title": title, "unit": unit, "claims": " ".join(claims)}
        self.index.append(row | {"rows": None if frame is None else len(frame), "files": " ".join(files)})

    def keep(self, stem: str, title: str, unit: str, frame: pd.DataFrame) -> None:
        """Store a table that is no exhibit's, and list it."""
        self.list(stem, title, unit, (), frame, self.store(stem, frame))

    def write_index(self) -> None:
        """Write the list, tables/index.csv."""
        columns = ["id", "title", "unit", "claims", "rows", "files"]
        index = pd.DataFrame(self.index, columns=columns).sort_values("id", ignore_index=True)
        index["rows"] = index["rows"].astype("Int64")
        write_csv(index, self.folder / "tables" / f"{INDEX}.csv")
