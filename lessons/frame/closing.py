"""How each lesson ends: what to take away, the exercises, and the code behind the picture. A notebook within the
notebooks, embedded with the `LESSON` of the one that it closes."""

import marimo

app = marimo.App()

with app.setup:
    from lessons.frame import notebook


@app.cell
def _():
    LESSON = None  # given by the notebook that embeds this one
    return (LESSON,)


@app.cell
def _(LESSON):
    notebook.take_away(LESSON)
    return


@app.cell
def _(LESSON):
    exercises = notebook.exercises(LESSON)
    exercises
    return (exercises,)


@app.cell
def _(LESSON, exercises):
    notebook.results(LESSON, exercises.value)
    return


@app.cell
def _(LESSON):
    notebook.code(LESSON)
    return
