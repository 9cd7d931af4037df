"""Lesson 5: flat for ever?"""

import marimo

app = marimo.App(width="compact", app_title="Lesson 5: Flat for ever?", css_file="frame/notebook.css")

with app.setup:
    import marimo as mo

    from lessons.course import plateau as lesson
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
        seen=mo.ui.slider(3, 11, value=lesson.SEEN, show_value=True, label="years that you have seen"),
        revealed=mo.ui.switch(label="show what happened afterwards"),
        group=mo.ui.dropdown(
            ["high end", "regular", lesson.DRAWN],
            value="high end",
            allow_select_none=False,
            label="customers (drawn: like the high end, by the computer)",
        ),
        users=mo.ui.slider(
            steps=list(lesson.SIZES),
            value=lesson.USERS,
            show_value=True,
            label="users (where they are drawn)",
        ),
        seed=notebook.seed(),
    )
    notebook.shown(controls)
    return (controls,)


@app.cell
def _(controls):
    chosen = controls.value
    who = lesson.Customers(chosen["group"], chosen["seed"], chosen["users"])
    notebook.picture(lesson.picture(who, chosen["seen"], revealed=chosen["revealed"]))
    return (chosen,)


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    mo.md(
        "The thick line is what you have seen: customers of the high end of a subscription, as Fader and Hardie "
        "published them in 2007. The other lines are four ways to go on. “Stays as it is” takes the last value for "
        "good. The three others are curves that are fitted to the years seen: one with a share that never leaves, two "
        "in which all leave in the end. Which would you have believed? Then show what happened (second control), and "
        "go back to fewer or more years (first control). The regular customers are real, too. Of the drawn ones we "
        "know more years, and you can draw them again with other luck."
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
        f"wrong\n\n{lesson.verdict(chosen['seen'], chosen['users'], chosen['seed'])}"
    )
    return


@app.cell
def _(prediction):
    notebook.wait_for(prediction)
    turn = notebook.turn()
    guess = notebook.guess(LESSON)
    years = mo.ui.slider(lesson.SEEN, lesson.FAR, value=lesson.SEEN, show_value=True, label="years shown")
    about = (
        "Here is a cohort of a thousand users from one of two worlds. In one some never leave, in the other "
        "all leave in the end. Guess after the first years; then show more years, and guess again."
    )
    mo.vstack([mo.md(f"## Which switch did we flip?\n\n{about}"), turn, years])
    return guess, turn, years


@app.cell
def _(turn, years):
    switch = notebook.flipped(LESSON, turn.value)
    notebook.picture(lesson.mystery(switch, turn.value, years.value))
    return (switch,)


@app.cell
def _(guess):
    guess
    return


@app.cell
def _(guess, switch):
    notebook.verdict_on_guess(guess.value, switch)
    return


@app.cell
async def _(prediction):
    notebook.wait_for(prediction)
    end = await closing.embed(defs={"LESSON": LESSON})
    end.output
    return


if __name__ == "__main__":
    app.run()
