"""Makes the README's picture: `python -m testbed.studies.gallery` runs one world twice, with and without fit."""

import sys
import tempfile
from pathlib import Path

import analysis
import sim
from analysis.contract.files import Foreign
from analysis.queries.model_facts import model_names
from analysis.report import figures
from analysis.report.charts.chart import Sheet
from analysis.report.exhibits.retention import cohorts_of
from analysis.staging import Staging
from sim.scenario.shipped import WORLDS
from testbed.failure import BAD_INPUT

PICTURE = Path("outputs/gallery/foundational-cohort")
MODEL = "new/frontier"


def main() -> int:
    """Draw the foundational cohort beside its null world; the same seed gives both worlds the same luck."""
    scenario = WORLDS / "one-frontier-model.yaml"
    folder = PICTURE.parent
    names = [f"{PICTURE.name}{suffix}" for suffix in (".svg", ".png")]
    try:
        with Staging(folder, names) as staged, tempfile.TemporaryDirectory(prefix="gallery-") as out:
            fit = sim.run(scenario, out=out)
            coin = sim.run(scenario, settings=["mechanisms.fit=off"], out=out)
            with analysis.open_log(fit.path) as first, analysis.open_log(coin.path) as second:
                worlds = {"Fit on: models differ in what they can do": first,
                          "Fit off: a coin decides each trial": second}  # fmt: skip
                sheet = Sheet(tuple(cohorts_of(log, MODEL, name) for name, log in worlds.items()))
                title = f"{model_names(first)[MODEL]}: retention by month of first use"
                figures.save(figures.figure(sheet, title), staged.path / PICTURE.name)
            staged.publish()
    except Foreign as error:
        print(f"python -m testbed.studies.gallery: {error}", file=sys.stderr)
        return BAD_INPUT
    for name in names:
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
