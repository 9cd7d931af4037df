"""The page's script: Vega, Vega-Lite and vega-embed in one bundle with the page's own code, as one function."""

from __future__ import annotations

import functools
import re
from importlib.resources import files

from analysis.report.charts.vega_parts import VERSION


@functools.cache
def script() -> str:
    """All code of the page, fit for one <script> element: needs no network and leaves no global names."""
    import vl_convert

    own = files("analysis.report.pages").joinpath("page.js").read_text(encoding="utf-8")
    version = VERSION.lstrip("v").rpartition(".")[0]
    bundle = vl_convert.javascript_bundle(snippet=own.replace("EMBED", "vegaEmbed"), vl_version=version)
    return f"(() => {{\n{inert(bundle)}\n}})();"


def inert(code: str) -> str:
    """Code that can stand inside a <script> element: no text in it ends or opens one. Such text is in strings only."""
    return re.sub(r"<(?=/?script|!--)", r"\\x3c", code, flags=re.IGNORECASE)
