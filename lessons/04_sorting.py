"""Lesson 4: do users become loyal?"""

import marimo

app = marimo.App(width="compact", app_title="Lesson 4: Do users become loyal?", css_file="frame/notebook.css")

with app.setup:
    import marimo as mo

    from lessons.course import sorting as lesson
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
        kinds=mo.ui.switch(label="show hobbyists and companies, each alone"),
        companies=mo.ui.slider(
            0,
            100,
            step=10,
            value=lesson.COMPANIES,
            show_value=True,
            label="percent of users that are companies",
        ),
        days=mo.ui.slider(
            15,
            120,
            step=15,
            value=lesson.DAYS,
            show_value=True,
            label="days that a hobbyist of the first world stays, on average",
        ),
        world=mo.ui.dropdown(
            list(lesson.MARKETS),
            value=next(iter(lesson.MARKETS)),
            label="the world",
        ),
        seed=notebook.seed(),
    )
    notebook.shown(controls)
    return (controls,)


@app.cell
def _(controls):
    chosen = controls.value
    world = lesson.variant(chosen["companies"], chosen["days"], **lesson.MARKETS[chosen["world"]])
    mo.vstack(
        [
            notebook.picture(lesson.picture(world, chosen["seed"], kinds=chosen["kinds"])),
            notebook.picture(lesson.leaving(world, chosen["seed"], kinds=chosen["kinds"])),
        ]
    )
    return (chosen,)


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(
        "The first picture counts who is left. The second one asks the same users month by month: of those "
        "who were there a month ago, how many left? If users become loyal, this falls. It does. Now show "
        "each kind alone (first control).\n\nThen choose the second world. A rival comes out every month, all users "
        "are alike, and leaving costs more the longer one has worked with the model: **lock-in**. Its curve of all "
        "users is much like the first one. Look at each kind again. The third world is the second one without "
        "lock-in: who is loyal there?"
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
        f"wrong\n\n{lesson.verdict(chosen['companies'], chosen['days'], chosen['seed'])}"
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
