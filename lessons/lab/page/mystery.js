// Mystery worlds: one cause is changed, the page asks which. Rounds are counted, and so are causes taken for others.

import { pack, pieces, post } from "./asking.js";
import { el } from "./elements.js";
import { showCurves, showPlain, showWaiting } from "./results.js";

const place = () => document.getElementById("riddle");
const answers = [];  // of all rounds: { truth, named }
let titles = {}, asked = null;

export async function newRound(page, complain) {
  showWaiting();
  showPlain("The mystery world", "The market as it was");
  place().replaceChildren(el("p", { className: "hint" }, "A new market is being simulated …"));
  try {
    for await (const piece of pieces(await post("api/mystery", { page }))) {
      if (piece.part === "round") asked = piece;
      else if (piece.part === "curves") showCurves(piece, true, true);
    }
    complain("");
    question(page, complain);
  } catch (error) {
    complain(error.message);
  }
}

function question(page, complain) {
  titles = Object.fromEntries(asked.choices.map((one) => [one.key, one.title]));
  const options = asked.choices.map((one) => el("label", { className: "option" },
    el("input", { type: "radio", name: "cause", value: one.key, required: true }), one.title));
  const form = el("form", {}, el("fieldset", {}, el("legend", {}, "Which cause made the difference?"), ...options),
    el("button", { type: "submit" }, "Answer"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const named = new FormData(form).get("cause");
    try {
      result(await (await post("api/answer", { round: asked.round, named })).json(), named, page, complain);
    } catch (error) {
      complain(error.message);
    }
  });
  place().replaceChildren(el("h3", {}, `Round ${answers.length + 1}`), form, score());
  form.querySelector("input").focus({ preventScroll: true });
}

function result(told, named, page, complain) {
  answers.push({ truth: told.truth, named });
  const next = el("button", { type: "button", onclick: () => newRound(page, complain) }, "Next round");
  place().replaceChildren(
    el("h3", {}, `Round ${answers.length}: ${told.right ? "right" : "not so"}`),
    el("div", { role: "status" },
      el("p", {}, told.right ? `Yes: ${titles[told.truth]}.` : `It was: ${titles[told.truth]}. You said: ${titles[named]}.`),
      el("p", {}, `How it shows: ${told.tell}`),
      told.right ? null : el("p", {}, `What you named shows so: ${told.named_tell}`)),
    el("div", { className: "bar" }, next, el("a", { href: pack(told.state), className: "button" }, "Open this world in the laboratory")),
    score());
  next.focus({ preventScroll: true });
}

// The score, and the confusion of causes: which was taken for which.
function score() {
  const note = el("p", { className: "hint" }, "Not asked for: causes that leave no mark on these pictures in this market, and those that cannot be told from the cause “information” (popularity, price response, intermittency, volume unlock). docs/laboratory.md measures which.");
  if (!answers.length) return note;
  const right = answers.filter((one) => one.truth === one.named).length;
  const keys = Object.keys(titles);
  const seen = keys.filter((key) => answers.some((one) => one.truth === key));
  const named = keys.filter((key) => answers.some((one) => one.named === key));
  return el("div", {}, el("p", {}, `${right} of ${answers.length} right.`),
    el("div", { className: "table", tabIndex: 0, role: "region", "aria-label": "Causes taken for others" },
      el("table", {}, el("caption", {}, "What it was (rows), and what you named (columns)"),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "It was"), ...named.map((key) => el("th", { scope: "col" }, titles[key])))),
        el("tbody", {}, ...seen.map((truth) => el("tr", {}, el("th", { scope: "row" }, titles[truth]),
          ...named.map((key) => el("td", {}, answers.filter((one) => one.truth === truth && one.named === key).length || ""))))))), note);
}
