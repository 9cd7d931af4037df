// How many users came in each month, as bars, and how much of the traffic is one account's.

import { count, monthName, percent, svg } from "./elements.js";

const WIDTH = 480, HEIGHT = 120, LEFT = 50, RIGHT = 14, TOP = 20, BOTTOM = 22;

export function drawSizes(place, panel, most) {
  const cohorts = panel.cohorts, months = panel.months;
  const width = (WIDTH - LEFT - RIGHT) / months.length;
  const words = cohorts.map((cohort) => `${monthName(cohort.month)} ${count(cohort.users)}`).join(", ");
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `Users who came to ${panel.model} in each month: ${words}.` });
  picture.append(svg("text", { class: "soft", x: LEFT, y: 14 }, "users who came, by month"),
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }));
  months.forEach((month, i) => {
    const cohort = cohorts.find((one) => one.month === month);
    if (cohort) {
      const height = (cohort.users / most) * (HEIGHT - TOP - BOTTOM);
      picture.append(svg("rect", { class: cohort.launch ? "came launch" : "came", x: LEFT + i * width + 2, width: Math.max(1, width - 4), y: HEIGHT - BOTTOM - height, height },
        svg("title", {}, `${monthName(month)}: ${count(cohort.users)} users`)));
    }
    if (months.length > 14 && i % 3) return;
    picture.append(svg("text", { class: "soft", x: LEFT + (i + 0.5) * width, y: HEIGHT - 6, "text-anchor": "middle" }, monthName(month)[0]));
  });
  picture.append(svg("text", { class: "soft", x: LEFT - 6, y: TOP + 6, "text-anchor": "end" }, count(most)));
  place.querySelector(".sizes").replaceChildren(picture);
  place.querySelector(".account").textContent = `The largest account sent ${percent(panel.largest)} of all requests to ${panel.model}.`;
}
