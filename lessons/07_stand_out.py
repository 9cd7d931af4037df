"""Lesson 7: what is a p-value worth after many looks?"""

import marimo

app = marimo.App(
    width="compact",
    app_title="Lesson 7: I found one! The stand-out test and many looks",
    css_file="frame/notebook.css",
)

with app.setup:
    import marimo as mo

    from lessons.course import stand_out as lesson
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
        models=mo.ui.slider(1, 16, value=lesson.MODELS, show_value=True, label="models"),
        cohorts=mo.ui.slider(5, 12, value=lesson.COHORTS, show_value=True, label="cohorts of each model"),
        users=mo.ui.slider(
            steps=[100, 200, 400, 800, 1600],
            value=lesson.USERS,
            show_value=True,
            label="users of each cohort",
        ),
        special=mo.ui.switch(label="one launch month keeps a quarter of its users"),
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
def _(prediction):
    notebook.wait_for(prediction)
    play = mo.ui.run_button(label=f"Play {lesson.RUNS} seeds (some seconds)")
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
