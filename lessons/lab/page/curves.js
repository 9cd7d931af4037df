// The picture of a retention panel: one line a cohort, drawn as plain SVG.

import { count, el, monthName, percent, svg } from "./elements.js";

const WIDTH = 480, HEIGHT = 300, LEFT = 50, RIGHT = 14, TOP = 12, BOTTOM = 44;

export const keeps = (cohort, k) => cohort.active[k] / cohort.active[0];
export const launchOf = (panel) => panel.cohorts.find((cohort) => cohort.launch);

// What the picture says, in two or three sentences: for those who cannot see it, and for the live region.
export function summary(panel) {
  const shown = panel.cohorts.filter((cohort) => cohort.active.length > 1);
  if (!shown.length) return `Nobody used ${panel.model} in a whole month.`;
  const launch = launchOf(panel);
  const at = launch ? Math.min(5, launch.active.length - 1) : 5;
  const later = shown.filter((c) => !c.launch && !c.mixed && c.active.length > at);
  const users = later.reduce((sum, c) => sum + c.active[0], 0);
  const kept = later.reduce((sum, c) => sum + c.active[at], 0);
  const rest = users ? `of the ${count(users)} users of the other cohorts ${percent(kept / users)}` : "no other cohort is as old";
  if (!launch) return `${shown.length} cohorts; this world shows no launch of ${panel.model}. Month ${at}: ${rest} are active.`;
  return `In month ${at} after joining, ${percent(keeps(launch, at))} of the ${count(launch.users)} users of the launch cohort ` +
    `(${monthName(launch.month)}) are active; ${rest}.`;
}

export function drawCurves(place, panel) {
  const cohorts = panel.cohorts.filter((cohort) => cohort.active.length > 1);
  const longest = Math.max(2, ...cohorts.map((cohort) => cohort.active.length - 1));
  const x = (k) => LEFT + (k / longest) * (WIDTH - LEFT - RIGHT);
  const y = (share) => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary(panel) });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    picture.append(svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share) }));
    picture.append(svg("text", { class: "soft", x: LEFT - 6, y: y(share) + 4, "text-anchor": "end" }, percent(share)));
  }
  const every = longest > 12 ? 3 : 1;
  for (let k = 0; k <= longest; k += every)
    picture.append(svg("text", { class: "soft", x: x(k), y: HEIGHT - BOTTOM + 19, "text-anchor": "middle" }, k));
  picture.append(svg("text", { class: "soft", x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "months since the first request"));
  const line = (cohort) => cohort.active.map((n, k) => `${k ? "L" : "M"}${x(k).toFixed(1)} ${y(n / cohort.active[0]).toFixed(1)}`).join("");
  const paths = new Map();
  for (const cohort of [...cohorts].sort((a, b) => a.launch - b.launch)) {
    const kind = `cohort${cohort.launch ? " launch" : ""}${cohort.small || cohort.mixed ? " small" : ""}`;
    paths.set(cohort, picture.appendChild(svg("path", { class: kind, d: line(cohort) })));
  }
  const launch = launchOf(panel);
  if (launch && launch.active.length > 1) {
    const k = Math.min(2, launch.active.length - 1);
    picture.append(svg("text", { class: "launch", x: x(k) + 4, y: y(keeps(launch, k)) - 8 }, `launch, ${monthName(launch.month)}`));
  }
  const dot = picture.appendChild(svg("circle", { class: "dot", r: 4, cx: -10, cy: -10 }));
  const readout = place.querySelector(".readout");
  const pick = (event) => {
    const box = picture.getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * WIDTH, py = ((event.clientY - box.top) / box.height) * HEIGHT;
    let best = null;
    for (const cohort of cohorts)
      for (let k = 0; k < cohort.active.length; k++) {
        const away = Math.hypot(x(k) - px, y(keeps(cohort, k)) - py);
        if (!best || away < best.away) best = { away, cohort, k };
      }
    for (const path of paths.values()) path.classList.remove("picked");
    if (!best || best.away > 60) return void dot.setAttribute("cx", -10);
    paths.get(best.cohort).classList.add("picked");
    dot.setAttribute("cx", x(best.k));
    dot.setAttribute("cy", y(keeps(best.cohort, best.k)));
    readout.textContent = `Came in ${monthName(best.cohort.month)}: ${count(best.cohort.active[best.k])} of ` +
      `${count(best.cohort.users)} users (${percent(keeps(best.cohort, best.k))}) active in month ${best.k}` +
      `${best.cohort.mixed ? "; some may have come before this world began" : best.cohort.small ? "; a small cohort" : ""}.`;
  };
  picture.addEventListener("pointermove", pick);
  picture.addEventListener("pointerdown", pick);
  place.querySelector("figure").replaceChildren(picture);
  readout.textContent = summary(panel);
  if (place.querySelector(".numbers").open) drawTable(place, panel);
}

export function drawTable(place, panel) {
  const cohorts = panel.cohorts.filter((cohort) => cohort.active.length > 1);
  const longest = Math.max(1, ...cohorts.map((cohort) => cohort.active.length - 1));
  const ages = [...Array(longest).keys()].map((k) => k + 1);
  const head = el("tr", {}, el("th", { scope: "col" }, "Came in"), el("th", { scope: "col" }, "Users"),
    ...ages.map((k) => el("th", { scope: "col" }, `Month ${k}`)));
  const rows = cohorts.map((cohort) => el("tr", {},
    el("th", { scope: "row" }, `${monthName(cohort.month)}${cohort.launch ? " (launch)" : ""}`), el("td", {}, count(cohort.users)),
    ...ages.map((k) => el("td", {}, k < cohort.active.length ? percent(keeps(cohort, k)) : ""))));
  place.querySelector(".table").replaceChildren(el("table", {},
    el("caption", {}, `Share of each cohort of ${panel.model} active in each month since joining`),
    el("thead", {}, head), el("tbody", {}, ...rows)));
}
