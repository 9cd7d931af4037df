"""Lesson 1: what does retention count?"""

import marimo

app = marimo.App(
    width="compact", app_title="Lesson 1: What does retention count?", css_file="frame/notebook.css"
)

with app.setup:
    import marimo as mo

    from lessons.course import activity_retention as lesson
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
        skip=mo.ui.slider(
            0, 95, step=5, value=75, show_value=True, label="chance that a user skips a week, in percent"
        ),
        leave=mo.ui.switch(label="work ends after about four months"),
        holiday=mo.ui.switch(value=True, label="a holiday in July"),
        seed=notebook.seed(),
    )
    notebook.shown(controls)
    return (controls,)


@app.cell
def _(controls):
    chosen = controls.value
    settings = lesson.settings(chosen["skip"] / 100, leave=chosen["leave"], holiday=chosen["holiday"])
    notebook.picture(lesson.picture(settings, chosen["seed"]))
    return (chosen,)


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(f"Each line asks another question of every user:\n\n{lesson.definitions()}")
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    notebook.feedback(LESSON, prediction)
    return


@app.cell
def _(chosen):
    mo.md(
        f"## The verdict, and how often it is wrong\n\n{lesson.verdict(chosen['skip'] / 100, chosen['seed'])}"
    )
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
