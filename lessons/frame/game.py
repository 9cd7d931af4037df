"""The game of "which switch did we flip?": a round, its pictures, a guess, and whether it is right. A notebook within
the notebooks, embedded with the `LESSON` of the one that it is in and the `pictures` of a switch in a round."""

import marimo

app = marimo.App()

with app.setup:
    import marimo as mo

    from lessons.frame import notebook


@app.cell
def _():
    LESSON = pictures = None  # given by the notebook that embeds this one
    return LESSON, pictures


@app.cell
def _():
    before = None  # given, too, where a picture is to be seen before the round is chosen
    return (before,)


@app.cell
def _(before):
    turn = notebook.turn()
    first = [notebook.picture(before())] if before else []
    mo.vstack([mo.md("## Which switch did we flip?"), *first, turn])
    return (turn,)


@app.cell
def _(LESSON, pictures, turn):
    switch = notebook.flipped(LESSON, turn.value)
    mo.vstack([notebook.picture(one) for one in pictures(switch, int(turn.value or 0))])
    return (switch,)


@app.cell
def _(LESSON):
    guess = notebook.guess(LESSON)
    guess
    return (guess,)


@app.cell
def _(guess, switch):
    notebook.verdict_on_guess(guess.value, switch)
    return
