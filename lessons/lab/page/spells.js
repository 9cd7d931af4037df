// Single users of a world, a row each: the spells in which they used a model.

import { count, dayName, dayNumber, dayOf, el, monthName, svg } from "./elements.js";

const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a5a00", "#5b4a8a"];
const WIDTH = 900, LEFT = 8, ROW = 13;

export function drawSpells(place, told, side) {
  const names = [...new Set(told.users.flatMap((user) => user.spells.map((spell) => spell.model)))].sort();
  const colour = (model) => COLOURS[names.indexOf(model) % COLOURS.length];
  const height = told.users.length * ROW + 24;
  const x = (day) => LEFT + (day / told.days) * (WIDTH - 2 * LEFT);
  const words = `${count(told.users.length)} users of ${told.model} in ${side === "twin" ? "the twin" : "this world"}, a row each, ordered by the day on which they came to it.`;
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": `${words} The table below holds the same.` });
  const readout = el("p", { className: "readout" }, "Point at a bar to read it.");
  const start = dayNumber(told.start);
  for (let day = 0; day < told.days; day++) {
    const date = dayOf(start + day);
    if (!date.endsWith("-01")) continue;
    picture.append(svg("line", { class: "grid", x1: x(day), x2: x(day), y1: 0, y2: height - 20 }));
    if (told.days < 500 || ["01", "07"].includes(date.slice(5, 7)))
      picture.append(svg("text", { class: "soft", x: x(day) + 3, y: height - 6 }, monthName(date).slice(0, 3)));
  }
  told.users.forEach((user, i) => {
    for (const spell of user.spells) {
      const home = spell.kind === "home", at = i * ROW + (home ? 1 : 4);
      const bar = svg("rect", { class: `spell ${home ? "home" : "trial"}`, x: x(spell.start), y: at, width: Math.max(2, x(spell.end) - x(spell.start)), height: home ? ROW - 3 : ROW - 8, fill: colour(spell.model) });
      const say = () => { readout.textContent = sentence(user, spell, start); };
      bar.addEventListener("pointerenter", say);
      bar.addEventListener("pointerdown", say);
      picture.append(bar);
    }
  });
  const key = el("ul", { className: "key" }, ...names.map((name) => {
    const patch = el("span");
    patch.style.background = colour(name);
    return el("li", {}, patch, name);
  }), el("li", {}, "thick: the work's home, the model it has settled on; thin: a trial"));
  const rows = told.users.flatMap((user) => user.spells.map((spell) => el("tr", {}, el("td", {}, user.user), el("td", {}, spell.model), el("td", {}, spell.kind),
    el("td", {}, dayName(dayOf(start + spell.start))), el("td", {}, dayName(dayOf(start + spell.end - 1))), el("td", {}, spell.why))));
  place.replaceChildren(el("p", { className: "hint" }, words), key, el("figure", {}, picture), readout,
    el("details", { className: "more" }, el("summary", {}, "The spells as a table"),
      el("div", { className: "table", tabIndex: 0, role: "region", "aria-label": "Spells of single users" }, el("table", {},
        el("thead", {}, el("tr", {}, ...["User", "Model", "As", "From", "To", "How it ended"].map((head) => el("th", { scope: "col" }, head)))),
        el("tbody", {}, ...rows)))));
}

function sentence(user, spell, start) {
  return `User ${user.user}: ${spell.model} as ${spell.kind}, ${dayName(dayOf(start + spell.start))} to ${dayName(dayOf(start + spell.end - 1))}; ${spell.why}.`;
}
