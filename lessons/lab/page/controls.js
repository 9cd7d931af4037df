// The controls of users, luck, models looked at, and causes. They show what the server says of the state.

import { el, show } from "./elements.js";

let built = "", refreshers = [];

// Builds the controls anew only where other ones are needed, so that nothing moves under a hand.
export function drawControls(market, bases, state, change) {
  const shape = JSON.stringify([state.base, !!state.text, market.listed, market.mechanisms.map((m) => [m.key, m.strengths.map((s) => [s.key, s.least, s.most])])]);
  if (shape !== built) {
    built = shape;
    refreshers = [];
    document.getElementById("basics").replaceChildren(...basics(market, bases, change));
    document.getElementById("causes").replaceChildren(...causes(market, change));
  }
  for (const refresh of refreshers) refresh(market, state);
}

function field(name, id, ...inputs) {
  return el("div", { className: "field" }, el("label", { htmlFor: id }, name), el("div", { className: "with" }, ...inputs));
}

function chosen(id, options, onchange) {
  return el("select", { id, onchange: (event) => onchange(event.target.value, event) },
    ...options.map(([value, text]) => el("option", { value }, text)));
}

function basics(market, bases, change) {
  const scenario = chosen("base", [["", "(opened file)"], ...bases.map((one) => [one.name, one.title])],
    (base, event) => base && change(() => ({ base }), event));
  const sizes = { min: 500, max: market.most_users, step: 500 };
  const users = el("input", { id: "users", type: "range", ...sizes, oninput: (e) => change((s) => ({ ...s, users: Number(e.target.value) }), e) });
  const usersBox = el("input", { type: "number", "aria-label": "Users, as a number", min: 1, max: market.most_users,
    onchange: (e) => e.target.value && change((s) => ({ ...s, users: Number(e.target.value) }), e) });
  const seed = el("input", { id: "seed", type: "number", min: 0, step: 1, onchange: (e) => e.target.value && change((s) => ({ ...s, seed: Number(e.target.value) }), e) });
  const look = chosen("look", market.listed.map((slug) => [slug, slug]), (slug, e) => change((s) => ({ ...s, look: slug }), e));
  const twin = chosen("flip", market.mechanisms.map((m) => [m.key, m.title]), (key, e) => change((s) => ({ ...s, twin: key }), e));
  refreshers.push((now, state) => {
    show(scenario, state.text ? "" : state.base ?? "one-frontier-model");
    show(users, now.users); show(usersBox, now.users); show(seed, now.seed); show(look, now.look); show(twin, now.twin);
  });
  return [
    field("Scenario", "base", scenario), field("Users", "users", users, usersBox),
    field("Seed (the luck)", "seed", seed, el("button", { type: "button", onclick: (e) => change((s) => ({ ...s, seed: (Number(seed.value) || 0) + 1 }), e) }, "Next")),
    field("Model looked at", "look", look), field("Flipped in the twin", "flip", twin),
  ];
}

function causes(market, change) {
  const groups = new Map();
  for (const cause of market.mechanisms) {
    if (!groups.has(cause.group)) groups.set(cause.group, el("fieldset", {}, el("legend", {}, cause.group)));
    groups.get(cause.group).append(causeRow(cause, change));
  }
  return [...groups.values()];
}

const withCause = (state, key, name, value) => ({
  ...state, mechanisms: { ...state.mechanisms, [key]: { ...state.mechanisms?.[key], [name]: value } },
});

function causeRow(cause, change) {
  const of = (market) => market.mechanisms.find((one) => one.key === cause.key);
  const box = el("input", { type: "checkbox", role: "switch", id: `on-${cause.key}`, "aria-describedby": `about-${cause.key}`,
    onchange: (event) => change((s) => withCause(s, cause.key, "enabled", event.target.checked), event) });
  refreshers.push((market) => show(box, of(market).enabled));
  return el("div", { className: "cause" }, el("label", { className: "switch" }, box, cause.title),
    el("p", { id: `about-${cause.key}` }, `${cause.about} Off: ${cause.off}.`),
    cause.strengths.length ? el("details", {}, el("summary", {}, `Strengths of ${cause.title}`),
      ...cause.strengths.map((strength) => strengthRow(cause, strength, of, change))) : null);
}

function strengthRow(cause, strength, of, change) {
  const id = `${cause.key}-${strength.key}`;
  const set = (event) => event.target.value !== "" && change((s) => withCause(s, cause.key, strength.key, Number(event.target.value)), event);
  const range = { min: strength.least, max: strength.most, step: strength.step };
  const slider = el("input", { type: "range", id, ...range, "aria-describedby": `about-${id}`, oninput: set });
  const box = el("input", { type: "number", "aria-label": `${cause.title}, ${strength.title}, as a number`, ...range, step: "any", onchange: set });
  refreshers.push((market) => {
    const now = of(market).strengths.find((one) => one.key === strength.key).value;
    show(slider, now); show(box, now);
  });
  return el("div", { className: "strength" }, el("label", { htmlFor: id }, strength.title),
    el("div", { className: "with" }, slider, box), el("p", { id: `about-${id}` }, strength.about));
}
