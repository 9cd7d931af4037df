"""Lesson 6: did the product get worse?"""

import marimo

app = marimo.App(
    width="compact",
    app_title="Lesson 6: Did the product get worse? Age, period, cohort",
    css_file="frame/notebook.css",
)

with app.setup:
    import marimo as mo

    from lessons.course import three_clocks as lesson
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
        strength=mo.ui.slider(
            0,
            80,
            step=5,
            value=55,
            show_value=True,
            label="the rival takes this share of active weeks, in percent",
        ),
        crowds=mo.ui.switch(label="later users are of a worse kind"),
        seed=notebook.seed(),
    )
    notebook.shown(controls)
    return (controls,)


@app.cell
def _(controls):
    chosen = controls.value
    mo.vstack([notebook.picture(lesson.picture(**chosen)), notebook.picture(lesson.calendar(**chosen))])
    return (chosen,)


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(
        "Both pictures are drawn from one table. The first one follows each group of users as it grows older. The "
        "second one holds age still and asks of each month: how active were those who had joined one month before? Two "
        "months? Three? If all users are of one kind and nothing happens, its lines are level. Move the rival's "
        "strength to 0, then let later users be worse, and watch the second picture."
    )
    return


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
