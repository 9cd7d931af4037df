"""Lesson 8: who came first?"""

import marimo

app = marimo.App(
    width="compact",
    app_title="Lesson 8: Who came first? Selection and whales",
    css_file="frame/notebook.css",
)

with app.setup:
    import marimo as mo

    from lessons.course import selection as lesson
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
        enthusiasts=mo.ui.switch(value=True, label="enthusiasts come first, to any model"),
        keys=mo.ui.switch(label="four companies let 30 keys each run day and night on new/focal"),
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
    notebook.picture(lesson.checks(**chosen))
    return


@app.cell
def _(chosen):
    notebook.picture(lesson.same_users(**chosen))
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(
        "The first picture is what the test saw. The second one counts otherwise, and looks at other launches. The "
        "third one follows the same people in a market without new/focal. Now let no enthusiasts come first, and then "
        "let the keys run: which picture tells you so, each time?"
    )
    return


@app.cell
def _(chosen):
    mo.md(f"## The verdict\n\n{lesson.verdict(**chosen)}")
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
