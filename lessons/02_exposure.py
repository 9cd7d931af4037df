"""Lesson 2: is the month over?"""

import marimo

app = marimo.App(width="compact", app_title="Lesson 2: Is the month over?", css_file="frame/notebook.css")

with app.setup:
    import marimo as mo

    from lessons.course import exposure as lesson
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
        last=mo.ui.slider(
            1, lesson.WHOLE, value=lesson.LAST, show_value=True, label="the log ends on this day of July"
        ),
        launch=mo.ui.slider(
            1, 28, value=lesson.LAUNCH, show_value=True, label="the model comes out on this day of January"
        ),
        finished=mo.ui.switch(label="leave out the month that is not over"),
        own=mo.ui.switch(label="count 30-day months from each user's own first day (with the whole log)"),
        seed=notebook.seed(),
    )
    notebook.shown(controls)
    return (controls,)


@app.cell
def _(controls):
    chosen = controls.value
    notebook.picture(
        lesson.picture(
            chosen["launch"],
            chosen["last"],
            chosen["seed"],
            own_months=chosen["own"],
            finished_only=chosen["finished"],
        )
    )
    return (chosen,)


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(
        "Read one cell aloud: *of the users who joined in February, so many were active two months later*. The "
        "number in brackets is how many joined. Now let the log go on to the end of July (first control), and watch "
        "the last cell of each row. Then let the model come out on 1 January (second control), and watch the first "
        "row. Go back, and try the two remedies: leave out a month that is not over, and give every user months of "
        f"{lesson.WINDOW_DAYS} days from his own first day."
    )
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    notebook.feedback(LESSON, prediction)
    return


@app.cell
def _(chosen):
    mo.md(
        "## The verdict, and how often it is "
        f"wrong\n\n{lesson.verdict(chosen['launch'], chosen['last'], chosen['seed'])}"
    )
    return


@app.cell
async def _(prediction):
    notebook.wait_for(prediction)
    hidden = await game.embed(defs={"LESSON": LESSON, "pictures": lesson.hidden, "before": lesson.usual})
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
