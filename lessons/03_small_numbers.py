"""Lesson 3: is the best cohort better?"""

import marimo

app = marimo.App(
    width="compact", app_title="Lesson 3: Is the best cohort better?", css_file="frame/notebook.css"
)

with app.setup:
    import marimo as mo

    from lessons.course import small_numbers as lesson
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
        size=mo.ui.slider(
            steps=list(lesson.SIZES), value=lesson.SIZE, show_value=True, label="users in each cohort"
        ),
        share=mo.ui.slider(
            10, 70, step=5, value=40, show_value=True, label="chance that a user comes back, in percent"
        ),
        better=mo.ui.switch(label="one cohort really is better"),
        shrunken=mo.ui.switch(label="show shrunken shares, too"),
        seed=notebook.seed(),
    )
    notebook.shown(controls)
    return (controls,)


@app.cell
def _(controls):
    chosen = controls.value
    kind = lesson.Kind(chosen["size"], chosen["share"] / 100, chosen["better"])
    mo.vstack(
        [
            notebook.picture(lesson.picture(kind, chosen["seed"], shrunken=chosen["shrunken"])),
            notebook.picture(lesson.by_size(kind.share, chosen["seed"])),
        ]
    )
    return chosen, kind


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(
        "Change the seed: the same cohorts with other luck. Does the same month win again? Then give each cohort more "
        "users, and watch two things: the bars around the dots, which say how far off a share may be (its **95% "
        "interval**: about 95 of 100 such bars hold the true share), and how far the best dot lies above the others. "
        "A **shrunken** share is pulled towards the mean of all: the more so, the fewer users it rests on and the less "
        "the cohorts differ."
    )
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    notebook.feedback(LESSON, prediction)
    return


@app.cell
def _(chosen, kind):
    mo.md(f"## The verdict, and how often it is wrong\n\n{lesson.verdict(kind, chosen['seed'])}")
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
