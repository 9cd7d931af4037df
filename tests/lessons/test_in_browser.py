"""Every lesson in a real browser: the prediction is committed, a control moves, and the picture follows; by keyboard,
on a phone, at 200%, with nothing asked of another host and nothing that axe-core objects to."""

from __future__ import annotations

import re

import pytest

from lessons.frame.grading import computed
from lessons.frame.registry import lessons
from tests.browser import WAIT
from tests.lessons.accessibility import violations

pytestmark = pytest.mark.browser

WIDE, PHONE, ZOOMED = (
    {"width": 1280, "height": 900},
    {"width": 390, "height": 844},
    {"width": 640, "height": 450},
)
"""The last is how a window of 1280 by 900 sees a page at 200%."""
FOCUSED = """() => {
  let at = document.activeElement;
  while (at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
  return at.textContent;
}"""
each = pytest.mark.parametrize("lesson", lessons().values(), ids=lambda one: one.file.removesuffix(".py"))


@pytest.fixture(scope="module")
def window(chromium, address):
    """One page that goes from lesson to lesson: it keeps the scripts that they share loaded and compiled. It is closed
    before the server, whose notebooks wait for it."""
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(WAIT)
    yield page
    context.close()


class Visit:
    """A lesson that is open, with all that it said and asked for."""

    def __init__(self, window, address, lesson):
        self.page, self.ours = window, (address, address.replace("http", "ws", 1), "data:", "blob:")
        self.errors, self.elsewhere = [], []
        self.heard = {"console": self.on_console, "pageerror": self.on_error, "request": self.on_request}
        self.page.set_viewport_size(WIDE)
        for event, hear in self.heard.items():
            self.page.on(event, hear)
        self.page.goto(f"{address}/{lesson.number}/")

    def on_console(self, message):
        if message.type == "error":
            self.errors.append(message.text)

    def on_error(self, error):
        self.errors.append(str(error))

    def on_request(self, asked):
        if not asked.url.startswith(self.ours):
            self.elsewhere.append(asked.url)

    def close(self):
        for event, hear in self.heard.items():
            self.page.remove_listener(event, hear)

    def figures(self):
        return self.page.locator("figure.gs-figure svg")

    def commit(self, lesson):
        """Choose the first prediction and commit to it, by keyboard alone."""
        first = self.page.get_by_role("radio").first
        first.wait_for()
        first.focus()
        self.page.keyboard.press("Space")
        self.page.wait_for_function(
            "one => one.ariaChecked === 'true' || one.checked", arg=first.element_handle()
        )
        for _ in range(6):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(FOCUSED).strip() == "This is my prediction":
                break
        assert self.page.evaluate(FOCUSED).strip() == "This is my prediction"
        self.page.keyboard.press("Enter")
        self.figures().first.wait_for()

    def settled(self):
        """Wait until nothing is calculated any more."""
        self.page.get_by_text("Show the code").wait_for()
        self.page.wait_for_function("!document.querySelector('.mo-cell-running, [data-status=running]')")


@each
def test_a_lesson_can_be_worked_through(window, address, lesson):
    visit = Visit(window, address, lesson)
    page = visit.page
    try:
        page.get_by_role("radio").first.wait_for()
        assert visit.figures().count() == 0, "a picture before the prediction"
        said = page.get_by_text("The world runs as soon as")
        said.first.wait_for()
        assert said.count() == 1, "said once, not by every cell"
        visit.commit(lesson)
        visit.settled()
        drawn = visit.figures().first.inner_html()
        control = page.get_by_role("slider").or_(page.get_by_role("switch")).first
        control.focus()
        page.keyboard.press("Space" if control.get_attribute("role") == "switch" else "ArrowRight")
        page.wait_for_function(
            "was => document.querySelector('figure.gs-figure svg').innerHTML !== was", arg=drawn
        )
        visit.settled()
        _can_be_read_by_everyone(visit)
        _can_be_answered(page, lesson)
        for size in (PHONE, ZOOMED):
            page.set_viewport_size(size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert visit.errors == [] and visit.elsewhere == []
    finally:
        visit.close()


def _can_be_answered(page, lesson):
    """A guess at the switch is told right or wrong, an exercise's right answer is found right and can be saved."""
    if lesson.switches:
        page.get_by_role("radio", name=lesson.switches[0].name, exact=True).first.click()
        page.get_by_role("button", name="This one").click()
        page.get_by_text(re.compile(r"^(Yes\.|No, it was)")).first.wait_for()
    one = lesson.exercises[0]
    answer = computed(one.answer)
    if one.options:
        page.get_by_role("radio", name=answer, exact=True).last.click()
    else:
        page.get_by_role("textbox", name=re.compile(re.escape(one.key))).fill(f"{answer:.2f}")
    page.get_by_role("button", name="Check my answers").click()
    page.get_by_text("Right:").wait_for()
    assert page.get_by_text("Save my answers for the teacher").is_visible()


def _can_be_read_by_everyone(visit):
    assert violations(visit.page) == []
    figure = visit.figures().first
    assert re.search(r"\d", figure.get_attribute("aria-label"))
    mark = figure.locator(".mark").first
    tip = mark.locator(".tip")
    assert not tip.is_visible()
    mark.dispatch_event("focus")
    mark.evaluate("one => one.focus()")  # as a touch does
    assert tip.is_visible()
