"""Lesson 10: why did they stay?"""

import marimo

app = marimo.App(
    width="compact",
    app_title="Lesson 10: Why did they stay? The glass slipper",
    css_file="frame/notebook.css",
)

with app.setup:
    import marimo as mo

    from lessons.course import glass_slipper as lesson
    from lessons.experiments.slipper import CAUSES, FIT, MARKETS
    from lessons.frame import notebook
    from lessons.frame.closing import app as closing
    from lessons.frame.game import app as game

    LESSON = lesson.LESSON


@app.function
def experiment(seed: int):
    """What the world of one seed shows of the lesson's misconception."""
    return lesson.experiment(seed)


@app.cell
def _():
    notebook.opening(LESSON)
    return


@app.cell
def _():
    prediction = notebook.prediction(LESSON)
    prediction
    return (prediction,)


@app.cell
def _(prediction):
    notebook.wait_for(prediction, aloud=True)
    controls = notebook.controls(
        market=mo.ui.radio(list(MARKETS), value="market 1", label="which market"),
        twin=mo.ui.switch(label="play it again, with the same luck and one cause taken away"),
        cause=mo.ui.dropdown(list(CAUSES), value=FIT, label="take away"),
        seed=notebook.seed(),
    )
    notebook.shown(controls)
    return (controls,)


@app.cell
def _(controls):
    chosen = controls.value
    notebook.picture(lesson.picture(**chosen))
    return (chosen,)


@app.cell
def _(chosen):
    mo.md(f"## The verdict\n\n{lesson.verdict(**chosen)}")
    return


@app.cell
def _(chosen):
    said = mo.md(
        "## What a real log can do\n\nA real log has no twin, but it has events. When a better rival comes, users who "
        "had stayed for want of anything better leave. Users who are locked in do not."
    )
    mo.vstack([said, notebook.picture(lesson.event(chosen["seed"]))])
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    play = mo.ui.run_button(label=f"Play {lesson.RUNS} seeds of each market (some seconds)")
    mo.vstack([mo.md("## How often is a reader wrong?"), play])
    return (play,)


@app.cell
def _(play):
    mo.md(lesson.error_rate() if play.value else "*Press, and the lesson is played with other luck.*")
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    notebook.feedback(LESSON, prediction)
    return


@app.cell
async def _(prediction):
    notebook.wait_for(prediction)
    hidden = await game.embed(defs={"LESSON": LESSON, "pictures": lesson.hidden})
    hidden.output
    return


@app.cell
async def _(prediction):
    notebook.wait_for(prediction)
    end = await closing.embed(defs={"LESSON": LESSON})
    end.output
    return


if __name__ == "__main__":
    app.run()
