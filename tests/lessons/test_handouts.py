"""Handouts: pages that ask for nothing, slides, the sheet of answers; nothing of others is replaced."""

from __future__ import annotations

import re

import pytest

from analysis.contract.files import Foreign
from lessons.course import activity_retention as one
from lessons.frame.registry import lessons
from lessons.handouts import markup, slide, writing
from testbed import cli
from tests.lessons.accessibility import violations


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The handouts of two lessons."""
    out = tmp_path_factory.mktemp("handouts")
    writing.write([lessons()[0], lessons()[1]], out)
    return out


def test_a_page_has_the_lesson_and_no_answers(folder):
    text = (folder / "01_activity_retention.html").read_text("utf-8")
    lesson = lessons()[1]
    assert all(option.text in text for option in lesson.options) and "gs-figure" in text
    assert "**" not in text and "nobody ever leaves</strong>" in text
    assert lesson.exercises[2].explanation not in text
    (row,) = re.findall(r"<thead>\s*<tr[^>]*>(.*?)</tr>", text, flags=re.S)
    assert re.findall(r">([^<]+)</th>", row)[:2] == ["months since first use", "calendar month"]
    assert not re.search(r"<script|<link|src=|https?://(?!www\.w3\.org)", text)


def test_the_sheet_of_answers_names_missteps(folder):
    text = (folder / writing.ANSWERS).read_text("utf-8")
    assert (
        f"<strong>{one.at('calendar month', 5):.0%}</strong>" in text
        and "Gaps are allowed there" in text
        and "21 users" in text
    )


def test_a_slide_is_a_picture_of_its_size(folder):
    text = (folder / "01_activity_retention.svg").read_text("utf-8")
    assert "currentColor" not in text and 'class="tip"' not in text and lessons()[1].title in text
    pixels = (folder / "01_activity_retention.png").read_bytes()
    assert pixels[:4] == b"\x89PNG"
    assert [int.from_bytes(pixels[at : at + 4], "big") for at in (16, 20)] == [1920, 1080]


def test_handouts_are_made_anew_and_never_replace_what_is_not_ours(folder):
    writing.write([lessons()[1]], folder)
    (folder / "01_activity_retention.html").write_text("mine")
    with pytest.raises(Foreign):
        writing.write([lessons()[1]], folder)
    assert (folder / "01_activity_retention.html").read_text() == "mine"


def test_the_command(tmp_path, capsys):
    assert cli.main(["lessons", "1", "--handout", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.name[0] != ".") == sorted(
        [*writing.names(lessons()[1]), writing.ANSWERS]
    )
    assert cli.main(["lessons", "99", "--handout", str(tmp_path)]) == 2
    assert "no lesson '99'" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "html"), [
    ("a **b** *c* `d*e`", "a <strong>b</strong> <em>c</em> <code>d*e</code>"),
    ("2 * 3 * 4 < 5", "2 * 3 * 4 &lt; 5"),
])  # fmt: skip
def test_marks(text, html):
    assert markup.inline(text) == html
    assert markup.blocks(f"{text}\n\n- x\n- y") == f"<p>{html}</p><ul><li>x</li><li>y</li></ul>"


def test_long_titles_stay_on_their_slide():
    for lesson in lessons().values():
        assert len(f"Lesson {lesson.number}: {lesson.title}") * 17 < slide.WIDTH - slide.MARGIN


@pytest.mark.browser
def test_a_page_can_be_read_by_everyone(folder, chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        for name in ("00_words.html", writing.ANSWERS):
            page.goto((folder / name).as_uri())
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        context.close()
