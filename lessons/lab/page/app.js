// The page: its state, undo and redo, the link, and what it asks of the server. The newest state wins.

import { pack, pieces, post, unpack } from "./asking.js";
import { drawCalendar } from "./calendar.js";
import { drawControls } from "./controls.js";
import { el } from "./elements.js";
import { newRound } from "./mystery.js";
import { prepare, showCurves, showFirst, showNoRates, showTitles, showVerdict, showWaiting, told } from "./results.js";
import { drawSpells } from "./spells.js";

const at = (id) => document.getElementById(id);
const page = Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
const past = [], future = [];
const GESTURE_MS = 900;  // changes of one control within this time are one step of undo
let state = {}, market = null, bases = [], flight = null, waiting = false, gesture = { input: null, until: 0 }, moved = null;

const say = (words) => { at("said").textContent = words; };
const complain = (words) => { at("problem").textContent = words; };

// Changes the state: `edit` takes it, with what the server last said of it, and gives the new one.
function change(edit, event) {
  const input = event?.target ?? null, now = performance.now();
  if (!(input && input === gesture.input && now < gesture.until)) past.push(state);
  gesture = { input, until: now + GESTURE_MS };
  future.length = 0;
  moved = event?.timeStamp || now;
  put(edit(state, market));
}

function put(next) {
  state = JSON.parse(JSON.stringify(next));
  const packed = Object.keys(state).length ? pack(state) : location.pathname;
  history.replaceState(null, "", packed);
  at("undo").disabled = !past.length;
  at("redo").disabled = !future.length;
  ask();
}

// In a mystery world the controls are hidden: they would say what was changed.
const riddling = () => at("mystery").getAttribute("aria-pressed") === "true";

function riddle(on) {
  at("mystery").setAttribute("aria-pressed", on);
  for (const id of ["undo", "redo", "link", "save", "open"]) at(id).hidden = on;
  at("market").hidden = at("people").hidden = on;
  at("riddle").hidden = !on;
  at("controls-head").textContent = on ? "Which cause was it?" : "The market";
  complain("");
  if (on) { flight?.abort.abort(); newRound(page, complain); } else ask();
}

function step(from, to) {
  if (!from.length) return;
  to.push(state);
  gesture = { input: null, until: 0 };
  moved = performance.now();
  put(from.pop());
}

// Asks for the state. While its first curves are on their way, the next question waits for them, so that a long drag is seen.
async function ask() {
  if (riddling()) return;
  showWaiting();
  if (flight && !flight.seen) { waiting = true; return; }
  flight?.abort.abort();
  const own = flight = { abort: new AbortController(), seen: false, first: 0, sides: 0, moved, asked: state };
  waiting = false;
  try {
    const answer = await post("api/look", { state, page }, own.abort.signal);
    complain("");
    for await (const piece of pieces(answer)) if (flight === own && !riddling()) take(piece, own);
  } catch (error) {
    if (error.name !== "AbortError") complain(`${error.message}`);
  } finally {
    if (flight === own) { own.seen = true; if (waiting) ask(); }
  }
}

function take(piece, own) {
  if (piece.part === "market") {
    if (own.asked !== state) return;  // a hand was faster: the next answer says how things stand
    market = piece;
    drawControls(market, bases, state, change);
    drawCalendar(market, state, change);
    showTitles(market);
    if (market.notices.length) complain(market.notices.join("\n"));
  } else if (piece.part === "first curves") {
    showFirst(piece);
    painted(own.moved, `first ${curveOf(piece.side)}`);
    own.first += 1;
    if (own.first === 2) { own.seen = true; if (waiting) ask(); }
  } else if (piece.part === "curves") {
    showCurves(piece, own.asked === state);
    painted(own.moved, curveOf(piece.side));
    own.sides += 1;
    if (own.sides < 2) return;
    own.seen = true;
    at("news").textContent = `New curves. This world: ${told("world")} The twin: ${told("twin")}`;
    if (at("people").open) drawPeople();
    if (waiting) ask();
  } else if (piece.part === "verdict") showVerdict(piece);
  else if (piece.part === "rates") { if (piece.nothing) showNoRates(piece.side); else showVerdict(piece); }
  else if (piece.part === "problem") complain(piece.problem);
}

const curveOf = (side) => side === "world" ? "curve" : "twin curve";

// Measures the time from a control's event to the painted curve: `performance.getEntriesByName("curve")`.
function painted(since, name) {
  if (since === null) return;
  requestAnimationFrame(() => setTimeout(() => performance.measure(name, { start: since, end: performance.now() })));
}

async function drawPeople() {
  const asked = JSON.stringify(state), side = at("side")?.value ?? "world";
  try {
    const found = await (await post("api/spells", { state, side })).json();
    if (asked === JSON.stringify(state)) drawSpells(at("spells"), found, side);
  } catch (error) {
    complain(error.message);
  }
}

async function save() {
  try {
    const { yaml } = await (await post("api/yaml", { state })).json();
    const link = el("a", { href: URL.createObjectURL(new Blob([yaml], { type: "application/yaml" })), download: "laboratory.yaml" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    say("Saved as laboratory.yaml. Run it with: slipper run laboratory.yaml");
  } catch (error) {
    complain(error.message);
  }
}

async function start() {
  prepare();
  at("undo").addEventListener("click", () => step(past, future));
  at("redo").addEventListener("click", () => step(future, past));
  at("save").addEventListener("click", save);
  at("open").addEventListener("click", () => at("file").click());
  at("file").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) { const text = await file.text(); change(() => ({ text }), null); }
    event.target.value = "";
  });
  at("link").addEventListener("click", async () => {
    try { await navigator.clipboard.writeText(location.href); say("The link is copied. It restores this state on any machine where the laboratory runs at this address."); }
    catch { say("Copy the address of this page: it restores this state."); }
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target.matches("input[type=number], input[type=date], input[type=text]")) return;
    const key = event.key.toLowerCase();
    if (key === "z") { event.preventDefault(); event.shiftKey ? step(future, past) : step(past, future); }
    if (key === "y") { event.preventDefault(); step(future, past); }
  });
  at("mystery").addEventListener("click", () => riddle(!riddling()));
  window.addEventListener("hashchange", () => { if (riddling()) riddle(false); past.push(state); put(unpack(location.hash)); });
  const side = el("select", { id: "side", onchange: drawPeople }, el("option", { value: "world" }, "this world"), el("option", { value: "twin" }, "its twin"));
  at("bars").append(el("div", { className: "field" }, el("label", { htmlFor: "side" }, "Users of"), side), el("div", { id: "spells" }));
  at("people").addEventListener("toggle", () => at("people").open && drawPeople());
  bases = await (await fetch("api/bases")).json();
  put(unpack(location.hash));
}

start();
