"""Lesson 0: who makes a curve?"""

import marimo

app = marimo.App(width="compact", app_title="Lesson 0: Who makes a curve?", css_file="frame/notebook.css")

with app.setup:
    import marimo as mo

    from lessons.course import words as lesson
    from lessons.frame import notebook
    from lessons.frame.closing import app as closing

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
        day=mo.ui.slider(
            10, lesson.world().days, step=7, value=213, show_value=True, label="follow the market until day"
        )
    )
    notebook.shown(controls, "Follow the 40 users")
    return (controls,)


@app.cell
def _(controls):
    mo.vstack(notebook.words({"spell": lambda: lesson.spell(controls.value["day"])}))
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.vstack([mo.md("## More words, one picture each"), *notebook.words(lesson.PICTURES)])
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    notebook.feedback(LESSON, prediction)
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(f"## How sure is it?\n\n{lesson.verdict()}")
    return


@app.cell
async def _(prediction):
    notebook.wait_for(prediction)
    end = await closing.embed(defs={"LESSON": LESSON})
    end.output
    return


if __name__ == "__main__":
    app.run()
