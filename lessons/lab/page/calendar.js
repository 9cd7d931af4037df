// The calendar: releases and events, each a day that can be dragged. Rivals, price cuts and other events are added here.

import { dayName, dayNumber, dayOf, el, monthName, show } from "./elements.js";

let built = "", refreshers = [];
const WORDS = {
  price_change: "Price of", ability_change: "Ability of", promotion: "Free for a while:", outage: "Outage of",
  large_account: "A whale, one large account, on", wave: "A wave of newcomers to", price_strategy: "Price strategy of",
};
const NUMBERS = {  // what can be set of an event: [key, words, least, most, step]
  price_change: [["factor", "times", 0.05, 5, 0.05]], outage: [["days", "days", 1, 90, 1]],
  large_account: [["users", "keys", 1, 2000, 1], ["requests_per_day", "requests a day", 1, 100000, 10]],
  wave: [["days", "days", 1, 120, 1], ["share_of_users", "share of all users", 0.01, 0.9, 0.01]],
  ability_change: [["by", "by", -3, 3, 0.1]],
};

export function drawCalendar(market, state, change) {
  const shape = JSON.stringify([market.start, market.end, market.listed, market.models.map((m) => [m.slug, m.own, m.price === null, m.ability === null]), market.calendar.map((e) => [e.event, e.model])]);
  if (shape !== built) {
    built = shape;
    refreshers = [];
    document.getElementById("calendar").replaceChildren(axis(market), ...market.models.map((model) => release(model, market, change)),
      ...market.calendar.map((event, i) => happening(event, i, market, change)), adding(market, change));
  }
  for (const refresh of refreshers) refresh(market);
}

function axis(market) {
  return el("div", { className: "axis", ariaHidden: "true" }, el("span", {}, monthName(market.start)), el("span", {}, monthName(market.end)));
}

// A day as a slider over the calendar, with a date field beside it.
function dayControl(name, first, market, value, set) {
  const label = `Day: ${name}`;
  const slider = el("input", { type: "range", min: Math.min(dayNumber(market.start), first), max: dayNumber(market.end), step: 1, "aria-label": label });
  const box = el("input", { type: "date", "aria-label": `${label}, as a date` });
  slider.addEventListener("input", (event) => { slider.setAttribute("aria-valuetext", dayName(dayOf(slider.value))); set(dayOf(slider.value), event); });
  slider.addEventListener("keydown", (event) => {
    const step = { PageUp: 30, PageDown: -30 }[event.key];
    if (!step) return;
    event.preventDefault();
    slider.value = Number(slider.value) + step;
    slider.dispatchEvent(new Event("input"));
  });
  box.addEventListener("change", (event) => box.value && set(box.value, event));
  refreshers.push((now) => {
    const day = value(now);
    if (!day) return;
    show(slider, dayNumber(day)); show(box, day);
    slider.setAttribute("aria-valuetext", dayName(day));
  });
  return [slider, box];
}

function number(name, words, least, most, step, value, set) {
  const box = el("input", { type: "number", min: least, max: most, step: "any", "aria-label": `${name}: ${words}`,
    onchange: (event) => event.target.value !== "" && set(Number(event.target.value), event) });
  refreshers.push((market) => { const now = value(market); if (now !== undefined && now !== null) show(box, now); });
  return el("label", {}, words, box);
}

function row(name, slider, box, parts, remove) {
  return el("div", { className: "event", role: "group", "aria-label": name },
    el("div", { className: "head" }, el("b", {}, name), remove ? el("button", { type: "button", "aria-label": `Remove: ${name}`, onclick: remove }, "Remove") : null),
    slider, el("div", { className: "parts" }, box, ...parts));
}

function release(model, market, change) {
  const of = (now) => now.models.find((one) => one.slug === model.slug);
  const set = (key, value, event) => change((s) => ({ ...s, models: { ...s.models, [model.slug]: { ...s.models?.[model.slug], [key]: value } } }), event);
  const name = `${model.slug} is released`;
  const [slider, box] = dayControl(name, dayNumber(model.released), market, (now) => of(now)?.released, (day, e) => set("released", day, e));
  const parts = [];
  if (model.price !== null) parts.push(number(model.slug, "$ a million tokens", 0, 100, 0.1, (now) => of(now)?.price, (v, e) => set("price_usd_per_mtok", v, e)));
  if (model.ability !== null) parts.push(number(model.slug, "ability", -2, 6, 0.1, (now) => of(now)?.ability, (v, e) => set("ability", v, e)));
  const gone = model.own ? (event) => change((s) => {
    const { [model.slug]: _, ...models } = s.models;
    const calendar = s.calendar?.filter((one) => one.model !== model.slug);
    return { ...s, models, ...(calendar ? { calendar } : {}), ...(s.look === model.slug ? { look: undefined } : {}) };
  }, event) : null;
  return row(name, slider, box, parts, gone);
}

function happening(event, i, market, change) {
  const name = `${WORDS[event.event] ?? event.event} ${event.model ?? event.author}`;
  const set = (key, value, happened) => change((s, now) => ({ ...s, calendar: (s.calendar ?? now.calendar).map((one, j) => {
    if (j !== i) return one;
    const moved = { ...one, [key]: value };
    if (key === "date" && one.until) moved.until = dayOf(dayNumber(one.until) + dayNumber(value) - dayNumber(one.date));
    return moved;
  }) }), happened);
  const [slider, box] = dayControl(name, dayNumber(event.date), market, (now) => now.calendar[i]?.date, (day, e) => set("date", day, e));
  const parts = (NUMBERS[event.event] ?? []).map(([key, words, least, most, step]) =>
    number(name, words, least, most, step, (now) => now.calendar[i]?.[key], (v, e) => set(key, v, e)));
  return row(name, slider, box, parts, (e) => change((s, now) => ({ ...s, calendar: (s.calendar ?? now.calendar).filter((_, j) => j !== i) }), e));
}

function adding(market, change) {
  const middle = dayOf(Math.round((dayNumber(market.start) + dayNumber(market.end)) / 2));
  const later = dayOf(Math.round(dayNumber(market.start) * 0.35 + dayNumber(market.end) * 0.65));
  const until = dayOf(Math.min(dayNumber(middle) + 29, dayNumber(market.end)));
  const add = (what) => (event) => change((s, now) => ({ ...s, calendar: [...(s.calendar ?? now.calendar), what(now.look)] }), event);
  const rival = (event) => change((s, now) => {
    let n = 1;
    while (s.models?.[`your/rival-${n}`] || now.listed.includes(`your/rival-${n}`)) n += 1;
    const like = now.models.find((one) => one.slug === now.look);
    const model = { like: now.look, released: later, ...(like?.price ? { price_usd_per_mtok: like.price } : {}), ...(like?.ability != null ? { ability: like.ability } : {}) };
    return { ...s, models: { ...s.models, [`your/rival-${n}`]: model } };
  }, event);
  const button = (words, onclick) => el("button", { type: "button", onclick }, words);
  return el("div", { className: "bar", role: "group", "aria-label": "Add to the calendar" },
    button("Add a rival", rival),
    button("Cut the price", add((model) => ({ event: "price_change", date: middle, model, factor: 0.5 }))),
    button("Free for a month", add((model) => ({ event: "promotion", date: middle, until, model }))),
    button("Add a wave", add((model) => ({ event: "wave", date: middle, days: 30, model, share_of_users: 0.15 }))),
    button("Add a whale", add((model) => ({ event: "large_account", date: middle, model, users: 300, requests_per_day: 3000 }))),
    button("Add an outage", add((model) => ({ event: "outage", date: middle, days: 7, model }))));
}
