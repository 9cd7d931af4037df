"""The laboratory in a real browser: controls operated, the picture changed, nothing asked of another host."""

from __future__ import annotations

import base64
import json
import threading
import time

import pytest

from lessons.lab.desk import Desk
from tests.browser import WAIT
from tests.lessons.accessibility import violations
from tests.lessons.lab.conftest import USERS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(chromium, served):
    """The page with a small world, at a desk's width; what it complained of and whom it asked."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    faults, asked = [], []
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type in ("error", "warning") and "status of 400" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.address)
    page.locator("#users").wait_for(timeout=WAIT)
    page.locator("input[aria-label='Users, as a number']").fill(str(USERS))
    page.keyboard.press("Tab")
    settled(page)
    yield page
    assert faults == []
    assert [url for url in asked if not url.startswith((served.address, "blob:" + served.address))] == []
    context.close()


def until(page, condition, arg=None):
    """Waits for a condition on the page. The page forbids what `wait_for_function` does: to make code from text."""
    end = time.monotonic() + WAIT / 1000
    while not page.evaluate(condition, arg):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(30)


def settled(page):
    """Waits until both worlds have new curves and the first verdict is there."""
    until(page, "() => !document.querySelector('.card.old') && !!document.querySelector('#twin .verdict')")


def drawn_as(page, line):
    """Waits until the launch cohort of the world has this line."""
    until(page, "d => document.querySelector('#world path.launch').getAttribute('d') === d", line)


def drawn_anew(page, line):
    """Waits until it has another one."""
    until(page, "d => document.querySelector('#world path.launch').getAttribute('d') !== d", line)


def line(page, side="world"):
    return page.locator(f"#{side} path.launch").get_attribute("d")


def test_a_switch_changes_the_picture_and_undo_brings_it_back(opened):
    before, twin = line(opened), line(opened, "twin")
    opened.locator("#on-fit").click()
    drawn_anew(opened, before)
    settled(opened)
    assert line(opened) == twin and line(opened, "twin") == before  # the twin is the world flipped
    assert "fit off" in opened.locator("#world-head").inner_text()
    opened.locator("#undo").click()
    drawn_as(opened, before)
    assert opened.locator("#on-fit").is_checked()
    opened.locator("#redo").click()
    drawn_as(opened, twin)
    opened.locator("#undo").click()
    settled(opened)


def test_a_launch_is_moved_by_keyboard_alone(opened):
    before = line(opened)
    slider = opened.get_by_label("Day: new/frontier is released", exact=True)
    slider.focus()
    opened.keyboard.press("PageDown")
    opened.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "15 Dec 2024"
    drawn_anew(opened, before)
    opened.keyboard.press("Control+z")
    drawn_as(opened, before)
    settled(opened)


def test_a_rival_is_added_and_the_link_restores_it(opened, served):
    opened.get_by_role("button", name="Add a rival").click()
    opened.get_by_text("your/rival-1 is released").wait_for(timeout=WAIT)
    settled(opened)
    drawn = line(opened)
    other = opened.context.new_page()
    other.goto(opened.url)
    other.get_by_text("your/rival-1 is released").wait_for(timeout=WAIT)
    settled(other)
    assert line(other) == drawn
    other.close()
    opened.get_by_role("button", name="Remove: your/rival-1 is released").click()
    opened.get_by_text("your/rival-1 is released").wait_for(state="detached", timeout=WAIT)
    settled(opened)


def test_what_is_saved_can_be_opened(opened, tmp_path):
    with opened.expect_download() as caught:
        opened.locator("#save").click()
    file = tmp_path / "laboratory.yaml"
    caught.value.save_as(file)
    assert f"users: {USERS}" in file.read_text()
    drawn = line(opened)
    file.write_text(file.read_text() + "title: Opened\n")
    opened.locator("#file").set_input_files(file)
    until(opened, "() => document.querySelector('#base').value === ''")
    settled(opened)
    assert line(opened) == drawn
    file.write_text("extends: one-frontier-model\nusers: 0\n")
    opened.locator("#file").set_input_files(file)
    until(opened, "() => document.querySelector('#problem').textContent.includes('users')")
    for _ in range(2):
        opened.locator("#undo").click()
    settled(opened)
    assert opened.locator("#problem").inner_text() == ""


def test_single_users_are_shown_as_bars_and_as_a_table(opened):
    opened.locator("#people > summary").click()
    opened.locator("#spells svg").wait_for(timeout=WAIT)
    assert opened.locator("#spells rect").count() > 40
    assert opened.locator("#spells tbody tr").count() == opened.locator("#spells rect").count()
    opened.locator("#people > summary").click()


def test_each_curve_can_be_read_and_touched(opened):
    picture = opened.locator("#world figure:not(.sizes) svg")
    assert "of the launch cohort" in picture.get_attribute("aria-label")
    opened.locator("#world .numbers summary").click()
    opened.locator("#world .numbers tbody tr").first.wait_for(timeout=WAIT)
    assert opened.locator("#world .numbers tbody tr").count() == opened.locator("#world path.cohort").count()
    picture.scroll_into_view_if_needed()
    box = opened.locator("#world path.launch").bounding_box()
    opened.mouse.move(box["x"] + 2, box["y"] + 2)
    assert "active in month" in opened.locator("#world .readout").inner_text()
    assert "New curves" in opened.locator("#news").text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened, scheme):
    opened.emulate_media(color_scheme=scheme)
    assert violations(opened) == []


@pytest.mark.parametrize(
    "size", [{"width": 390, "height": 844}, {"width": 640, "height": 450}]
)  # 1280 at 200%
def test_nothing_is_cut_off_on_a_phone_or_enlarged(opened, size):
    opened.set_viewport_size(size)
    assert opened.evaluate("document.documentElement.scrollWidth") <= size["width"]
    top, left = opened.evaluate(
        "[document.querySelector('#results').offsetTop, document.querySelector('#controls').offsetTop]"
    )
    assert top < left  # curves first
    opened.set_viewport_size({"width": 1280, "height": 900})


def test_a_mystery_world_hides_its_controls_and_keeps_the_score(opened):
    opened.locator("#mystery").click()
    opened.locator("#riddle form").wait_for(timeout=WAIT)
    assert not opened.locator("#market").is_visible() and not opened.locator("#undo").is_visible()
    assert opened.evaluate("document.activeElement.name") == "cause"
    opened.keyboard.press("ArrowDown")  # by keyboard alone: the second choice, and the answer
    opened.keyboard.press("Enter")
    opened.locator("#riddle table").wait_for(timeout=WAIT)
    assert opened.locator("#riddle").inner_text().count("of 1 right.") == 1
    link = opened.locator("#riddle a").get_attribute("href")
    assert json.loads(base64.urlsafe_b64decode(link[1:] + "=="))["look"] == "new/frontier"
    assert violations(opened) == []
    opened.get_by_role("button", name="Next round").click()
    opened.locator("#riddle form").wait_for(timeout=WAIT)
    opened.locator("#mystery").click()
    settled(opened)
    assert opened.locator("#market").is_visible() and "fit on" in opened.locator("#world-head").inner_text()


def test_first_curves_are_there_before_all_users_are(opened, monkeypatch):
    monkeypatch.setattr("lessons.lab.desk.FIRST_USERS", 100)
    panel, small, both = Desk.panel, [], threading.Event()

    def in_turn(desk, world, look, ticket):
        """Worlds this small can overtake each other: the whole ones wait for the two first ones."""
        if world.scenario.users > 100:
            assert both.wait(WAIT / 1000)
            return panel(desk, world, look, ticket)
        found = panel(desk, world, look, ticket)
        small.append(world)
        if len(small) == 2:
            both.set()
        return found

    monkeypatch.setattr(Desk, "panel", in_turn)
    before = line(opened)
    opened.locator("#on-lock_in").click()
    drawn_anew(opened, before)
    settled(opened)
    first, whole = (
        opened.evaluate(f"performance.getEntriesByName('{name}').at(-1)?.duration")
        for name in ("first curve", "curve")
    )
    assert first < whole and not opened.locator(".card.first").count()
    assert "A first answer" not in opened.locator("#world .judged").inner_text()
