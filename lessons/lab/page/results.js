// The two cards, world and twin: curves, verdict, error rates, the numbers as a table.

import { drawCurves, drawTable, summary } from "./curves.js";
import { count, el, percent } from "./elements.js";
import { drawSizes } from "./sizes.js";

const panels = {};

export function prepare() {
  for (const side of ["world", "twin"]) {
    const place = document.getElementById(side);
    const numbers = el("details", { className: "numbers more" }, el("summary", {}, "The numbers"),
      el("div", { className: "table", tabIndex: 0, role: "region", "aria-label": `Numbers of the ${side}` }));
    numbers.addEventListener("toggle", () => numbers.open && panels[side] && drawTable(place, panels[side]));
    place.append(el("h3", { id: `${side}-head` }, side === "world" ? "This world" : "Its twin"),
      el("figure", {}, el("p", { className: "hint" }, "The market is being simulated …")), el("p", { className: "readout" }), el("figure", { className: "sizes" }), el("p", { className: "hint account" }), el("div", { className: "judged" }), numbers);
  }
}

export function showTitles(market) {
  const cause = market.mechanisms.find((one) => one.key === market.twin);
  showPlain(`This world: ${cause.title} ${cause.enabled ? "on" : "off"}`, `Its twin: ${cause.title} ${cause.enabled ? "off" : "on"}`);
}

export function showWaiting() {
  for (const side of ["world", "twin"]) document.getElementById(side).classList.add("old");
}

export function showPlain(world, twin) {
  document.getElementById("world-head").textContent = world;
  document.getElementById("twin-head").textContent = twin;
}

// newest: no newer state waits; plain: without a verdict.
export function showCurves(piece, newest, plain) {
  const place = document.getElementById(piece.side);
  panels[piece.side] = piece;
  place.classList.toggle("old", !newest);
  place.classList.remove("first");
  drawCurves(place, piece);
  for (const [side, panel] of Object.entries(panels)) drawSizes(document.getElementById(side), panel, largest(panel.model));
  place.querySelector(".judged").replaceChildren(...(plain ? [] : [el("p", { className: "hint" }, "The verdict comes …")]));
}

// A first answer from fewer users: its curves, pale until all users' are there. Sizes and verdicts wait for these.
export function showFirst(piece) {
  const place = document.getElementById(piece.side);
  drawCurves(place, piece);
  place.classList.remove("old");
  place.classList.add("first");
  const users = piece.cohorts.reduce((sum, cohort) => sum + cohort.users, 0);
  place.querySelector(".judged").replaceChildren(el("p", { className: "hint" }, `A first answer, of a market with fewer users (${count(users)} of this model). The whole market comes …`));
}

// The largest cohort of a model on the page: both sides are drawn to one scale.
const largest = (model) => Math.max(1, ...Object.values(panels).flatMap((panel) => panel.model === model ? panel.cohorts.map((cohort) => cohort.users) : []));

export const told = (side) => (panels[side] ? summary(panels[side]) : "");

export function showVerdict(piece) {
  const parts = [el("div", { className: "verdict" }, el("b", {}, `Verdict: ${piece.headline}`), el("span", {}, piece.sentence))];
  const notes = [...(piece.caveats ?? []), ...(piece.notes ?? []), ...(piece.remedies ?? []).map((one) => `What would do: ${one}.`)];
  if (notes.length) parts.push(el("details", { className: "more" }, el("summary", {}, "What to know of it"), el("ul", {}, ...notes.map((note) => el("li", {}, note)))));
  if (piece.part === "verdict") parts.push(el("p", { className: "hint" }, "How often such a verdict is wrong is being simulated …"));
  else if (piece.error_rates) parts.push(rates(piece));
  document.getElementById(piece.side).querySelector(".judged").replaceChildren(...parts);
}

export function showNoRates(side) {
  const waiting = document.getElementById(side).querySelector(".judged > p.hint");
  if (waiting) waiting.textContent = "There is too little to simulate how often such a verdict is wrong.";
}

function rates(piece) {
  const told = piece.error_rates;
  const row = (name, rate) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, percent(rate.rate)),
    el("td", {}, `${percent(rate.low)} to ${percent(rate.high)}`), el("td", {}, rate.simulations));
  const worst = told.nulls.reduce((a, b) => (b.rate >= a.rate ? b : a));
  return el("details", { className: "more", open: true }, el("summary", {}, "How often such a verdict is wrong"),
    el("div", { className: "table", tabIndex: 0, role: "region", "aria-label": `Error rates of the verdict on the ${piece.side}` },
      el("table", {}, el("caption", {}, "How often the launch cohort of simulated users, in cohorts of these sizes, is called foundational: staying clearly longer than every other"),
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "If of the launch cohort"), el("th", { scope: "col" }, "called"),
          el("th", { scope: "col" }, "95% interval"), el("th", { scope: "col" }, "simulated"))),
        el("tbody", {}, row("nobody is loyal (a false alarm)", worst),
          ...told.power.map((rate) => row(`${percent(rate.loyal)} are loyal (found)`, rate))))),
    piece.how_sure ? el("p", { className: "hint" }, piece.how_sure) : null);
}
