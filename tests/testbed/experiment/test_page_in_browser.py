"""The page of an experiment in a real browser: its pictures fit a phone, and are dark on a dark page."""

from __future__ import annotations

import struct
import zlib

import pytest

from testbed.experiment import reading
from testbed.experiment.findings import curves, matrix, page, table
from tests.testbed.experiment import carriers
from tests.testbed.experiment.made import TINY, write

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def made(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    plan = reading.load(write(folder, TINY), replicates=2)
    frame = table.tidy(plan, {cell.task.key: carriers.answer(cell.task) for cell in plan.cells})
    text = page.render(plan, matrix.matrix(plan, frame), frame, curves.curves(plan, frame), [])
    (folder / "experiment.html").write_text(text, encoding="utf-8")
    return folder / "experiment.html"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_pictures_fit_and_follow_the_page(chromium, made, width, scheme):
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = context.new_page()
    seen.goto(made.as_uri())
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    pictures = seen.locator(".picture svg")
    assert pictures.count() == 4
    first, second = (pictures.nth(i).bounding_box() for i in (0, 1))
    assert (second["y"] > first["y"]) == (width == 390)
    box = seen.locator(".picture").first.bounding_box()
    assert first["x"] >= box["x"] and first["x"] + first["width"] <= box["x"] + box["width"] + 0.5
    seen.evaluate("document.querySelector('nav').remove()")  # it lies over what is scrolled up to it
    pictures.first.scroll_into_view_if_needed()
    at = pictures.first.bounding_box()
    corner = seen.screenshot(clip={"x": at["x"] + 4, "y": at["y"] + 4, "width": 1, "height": 1})
    assert (lightest_of_first_pixel(corner) > 200) == (scheme == "light")
    context.close()


def lightest_of_first_pixel(png: bytes) -> int:
    """The largest of red, green and blue in the upper left corner of a PNG of 8-bit colours."""
    at, data = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return max(zlib.decompress(data)[1:4])
