// Draws the charts of the page. Runs inside one function together with Vega, which leaves no names on the page.
// Each chart is a <figure data-chart="ID"> with its specification in <script type="application/json" id="spec-ID">
// (of another chart, where data-like="ID" names it), and a static picture in <noscript> that is what one sees without scripts and in print.
(function start(embed) {
  "use strict";

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const quiet = matchMedia("(prefers-reduced-motion: reduce)");
  const drawn = new Map(); // figure -> state
  document.documentElement.classList.add("scripted");

  // Light colours of the charts that would drown on a dark page, and what stands for them there.
  const DARK = {
    "#000000": "#f2f2f2", "#222222": "#e6e6e6", "#444444": "#c8c8cc", "#555555": "#b9b9bf", "#666666": "#a9a9b0",
    "#0072b2": "#4ea8de", "#d0d0d0": "#7a7d85", "#8a8a8a": "#9a9aa2", "#e6e6e6": "#3a3c40", "#d55e00": "#f2803a",
    "#9ecae1": "#2f5f86", "#6baed6": "#3a74a3", "#4a98c9": "#4787bb", "#3181bd": "#559ad0", "#2171b5": "#6eaede",
    "#1460a8": "#8ec3ea", "#08519c": "#b0d6f3", "#08306b": "#d6ebfb", "#009e73": "#2fc79b", "#ffffff": "#1f2124", black: "#f2f2f2", white: "#1f2124",
  };

  function config() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const ink = colour("--ink"), soft = colour("--soft"), line = colour("--line");
    const font = 'system-ui, "DejaVu Sans", sans-serif';
    return {
      background: "transparent", font,
      view: { stroke: "transparent" },
      axis: { labelColor: soft, titleColor: soft, gridColor: line, domainColor: soft, tickColor: soft,
              titleFontWeight: "normal", labelFontSize: 11.5, titleFontSize: 12, gridOpacity: 0.7 },
      legend: { labelColor: ink, titleColor: soft, titleFontWeight: "normal", labelLimit: 260 },
      title: { color: ink, subtitleColor: soft, anchor: "start" },
      header: { labelColor: ink, titleColor: soft },
      text: { color: ink },
    };
  }

  // --- specifications

  function walk(node, visit) {
    if (Array.isArray(node)) node.forEach((part) => walk(part, visit));
    else if (node && typeof node === "object") {
      visit(node);
      for (const key of Object.keys(node)) if (key !== "datasets" && key !== "values") walk(node[key], visit);
    }
  }

  function recolour(node) {
    if (typeof node === "string") return (node[0] === "#" || node === "black" || node === "white") && DARK[node.toLowerCase()] || node;
    if (Array.isArray(node)) return node.map(recolour);
    if (node && typeof node === "object") {
      const copy = {};
      for (const key of Object.keys(node)) copy[key] = recolour(node[key]); // colours that data carry, too
      return copy;
    }
    return node;
  }

  const shade = (colour) => (dark.matches ? recolour(colour) : colour);
  const composed = (spec) => spec.facet || spec.hconcat || spec.vconcat || spec.concat || spec.repeat;

  // The series that a reader may show or hide: the field of a selection that is bound to a legend. Buttons above the
  // chart take the legend's place, for keyboards too; the selection no longer listens to the pointer.
  function takeSeries(spec) {
    let found = null;
    walk(spec, (node) => {
      if (found || node.bind !== "legend" || !node.name || !node.select) return;
      found = { param: node.name, field: (node.select.fields || [])[0] };
      delete node.bind;
      node.select = { type: "point", fields: node.select.fields, on: "chosen-by-button", clear: false };
    });
    if (!found || !found.field) return null;
    walk(spec, (node) => {
      for (const channel of ["color", "fill", "stroke", "strokeDash", "shape"]) {
        const code = node.encoding && node.encoding[channel];
        if (!code || code.field !== found.field) continue;
        const scale = code.scale || {};
        if (Array.isArray(scale.domain) && !found.values) found.values = scale.domain;
        if (channel === "strokeDash") found.dashes = scale.range;
        else if (Array.isArray(scale.range)) found.colours = found.colours || scale.range;
        code.legend = null;
      }
    });
    return found;
  }

  // The parameter that switches an axis between linear and log; the page's button takes the place of its form.
  function takeScale(spec) {
    let found = null;
    walk(spec, (node) => {
      const options = node.bind && node.bind.options;
      if (!found && node.name && Array.isArray(options) && options.includes("log") && options.includes("linear")) {
        found = node.name;
        delete node.bind;
      }
    });
    return found;
  }

  const source = (figure) => document.getElementById("spec-" + (figure.dataset.like || figure.dataset.chart)).textContent;

  function prepare(figure, state) {
    let spec = JSON.parse(source(figure));
    state.series = takeSeries(spec);
    state.scale = takeScale(spec);
    if (dark.matches) spec = recolour(spec);
    const room = figure.clientWidth;
    state.fluid = !composed(spec); // it takes the width of its place
    if (state.fluid) {
      spec.width = "container";
      spec.autosize = { type: "fit-x", contains: "padding" };
      if (!spec.height) spec.height = 300;
    } else if (room) {
      walk(spec, (node) => { if (typeof node.width === "number" && node !== spec.config) node.width = Math.max(110, Math.min(node.width, room - 190)); });
    }
    delete spec.background;
    delete spec.title; // the page's heading says it
    spec.description = figure.dataset.label || "";
    spec.config = merged(spec.config || {}, config());
    return spec;
  }

  function merged(under, over) {
    const both = Object.assign({}, under);
    for (const key of Object.keys(over))
      both[key] = over[key] && typeof over[key] === "object" && !Array.isArray(over[key])
        ? merged(both[key] && typeof both[key] === "object" ? both[key] : {}, over[key])
        : over[key];
    return both;
  }

  // --- drawing

  async function draw(figure) {
    const state = drawn.get(figure) || { log: false, hidden: new Set() };
    drawn.set(figure, state);
    const place = figure.querySelector(".chart");
    try {
      const spec = prepare(figure, state);
      if (state.view) state.view.finalize();
      const result = await embed(place, spec, {
        mode: "vega-lite", renderer: "svg", actions: false, tooltip: { theme: dark.matches ? "dark" : "light" },
        patch: await patches(figure), loader: NOTHING,
      });
      state.view = result.view;
      if (state.series && !state.series.values) state.series.values = seen(spec, state.series.field);
      controls(figure, state);
      if (state.hidden.size) select(state);
      if (state.log) state.view.signal(state.scale, "log").runAsync();
      figure.classList.add("drawn");
    } catch (error) {
      figure.classList.add("failed");
      place.innerHTML = fallback(figure); // the static picture, rather than nothing
      console.error(`chart ${figure.dataset.chart}: ${error.message}`);
    }
  }

  const SIDES = ["right", "left", "top", "bottom", "top-right", "bottom-right", "top-left", "bottom-left"];
  const RINGS = [3, 9, 16, 24]; // pixels from the point

  async function patches(figure) {
    const scales = figure.dataset.pair ? await sharedScales(figure.dataset.pair) : (vega) => vega;
    return (vega) => spread(scales(vega));
  }

  // Names of points (a layer `names` beside a layer `points`) take places where none covers another or a point; a name
  // that finds none shows on hover only. They follow their points: what is switched off is faint.
  function spread(vega) {
    const find = (name) => (vega.marks || []).find((mark) => mark.name === name);
    const points = find("points_marks"), names = find("names_marks");
    if (!points || !names || names.type !== "text") return vega;
    const { fill, fontSize } = names.encode.update;
    names.from = { data: "points_marks" };
    names.encode = { update: { fill, fontSize, text: { field: "datum.written" }, fillOpacity: { signal: "datum.opacity < 0.5 ? 0 : 1" } } };
    names.transform = [{ type: "label", size: { signal: "[width, height]" }, avoidMarks: ["points_marks"], padding: 2,
      anchor: RINGS.flatMap(() => SIDES), offset: RINGS.flatMap((far) => SIDES.map(() => far)) }];
    names.interactive = false;
    return vega;
  }

  const NOTHING = { load: () => Promise.reject(new Error("the page loads nothing")) };

  function seen(spec, field) {
    const values = new Set();
    const add = (rows) => rows.forEach((row) => { if (row[field] !== undefined && row[field] !== null) values.add(row[field]); });
    Object.values(spec.datasets || {}).forEach(add);
    walk(spec, (node) => { if (node.data && Array.isArray(node.data.values)) add(node.data.values); });
    return [...values];
  }

  function fallback(figure) {
    const still = figure.querySelector("noscript");
    return still ? still.textContent : "";
  }

  // Two charts that are to be compared get the same scales: the union of both domains, found from the data flows of
  // both before either is drawn.
  const pairs = new Map(); // pair -> promise of the domains of both, by scale
  const ofPair = (pair) => figures.filter((figure) => figure.dataset.pair === pair);
  const CONTINUOUS = ["linear", "log", "time", "utc", "symlog", "pow", "sqrt"];

  async function domainsOf(figure) {
    const state = {};
    const spec = prepare(figure, state);
    const holder = document.createElement("div");
    holder.style.cssText = "position:absolute;visibility:hidden;width:480px";
    document.body.append(holder);
    const { view, vgSpec } = await embed(holder, spec, { mode: "vega-lite", renderer: "none", actions: false, loader: NOTHING });
    const names = (vgSpec.scales || []).filter((scale) => /(^|_)[xy]$/.test(scale.name) && CONTINUOUS.includes(scale.type))
      .map((scale) => scale.name);
    const read = () => Object.fromEntries(names.map((name) => [name, view.scale(name).domain().map(Number)]));
    const found = { linear: read() };
    if (state.scale) {
      await view.signal(state.scale, "log").runAsync();
      found.log = read();
    }
    view.finalize();
    holder.remove();
    return found;
  }

  async function sharedScales(pair) {
    if (!pairs.has(pair)) pairs.set(pair, Promise.all(ofPair(pair).map(domainsOf)));
    const both = await pairs.get(pair);
    const union = (kind, name) => {
      const domains = both.map((one) => one[kind] && one[kind][name]).filter((d) => d && d.every(Number.isFinite));
      return domains.length === both.length ? [Math.min(...domains.map((d) => d[0])), Math.max(...domains.map((d) => d[1]))] : null;
    };
    return (vega) => {
      const param = (vega.signals || []).some((signal) => signal.name === "scale");
      for (const part of vega.scales || []) {
        const linear = union("linear", part.name), log = union("log", part.name);
        if (!linear) continue;
        part.domain = param && log ? { signal: `scale == 'log' ? ${JSON.stringify(log)} : ${JSON.stringify(linear)}` } : linear;
        part.zero = false;
        part.nice = false;
      }
      return vega;
    };
  }

  // --- controls: series and scale

  function controls(figure, state) {
    const bar = figure.querySelector(".controls");
    if (bar.childElementCount) return;
    if (state.series && state.series.values.length > 1) {
      const group = document.createElement("div");
      group.className = "series";
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", "Show or hide");
      state.series.values.forEach((value, index) => group.append(toggle(state, value, index)));
      bar.append(group);
    }
    if (state.scale) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "scale";
      button.textContent = "log scale";
      button.setAttribute("aria-pressed", String(state.log));
      button.addEventListener("click", () => {
        const log = !state.log;
        for (const one of figure.dataset.pair ? ofPair(figure.dataset.pair) : [figure]) {
          const other = drawn.get(one);
          if (!other || !other.view) continue;
          other.log = log;
          one.querySelector("button.scale").setAttribute("aria-pressed", String(log));
          other.view.signal(other.scale, log ? "log" : "linear").runAsync();
        }
      });
      bar.append(button);
    }
  }

  function toggle(state, value, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-pressed", String(!state.hidden.has(value)));
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    const colours = state.series.colours;
    swatch.style.background = colours ? shade(colours[index % colours.length]) : schemeColour(state, value);
    const dash = state.series.dashes && state.series.dashes[index % state.series.dashes.length];
    if (dash && dash[1] > 0) swatch.classList.add("dashed");
    button.append(swatch, String(value));
    button.addEventListener("click", () => {
      if (state.hidden.has(value)) state.hidden.delete(value);
      else state.hidden.add(value);
      button.setAttribute("aria-pressed", String(!state.hidden.has(value)));
      select(state);
    });
    button.addEventListener("dblclick", () => { // only this one, or all again
      const all = state.series.values;
      const alone = state.hidden.size === all.length - 1 && !state.hidden.has(value);
      state.hidden = new Set(alone ? [] : all.filter((other) => other !== value));
      [...button.parentElement.children].forEach((other, i) => other.setAttribute("aria-pressed", String(!state.hidden.has(all[i]))));
      select(state);
    });
    return button;
  }

  function schemeColour(state, value) {
    try { return state.view.scale("color")(value); } catch { return ""; }
  }

  // Writes the selection that the legend would have made: one entry for each shown value, none when all are shown.
  function select(state) {
    const { param, field, values } = state.series;
    const shown = values.filter((value) => !state.hidden.has(value));
    const chosen = shown.length === values.length ? [] : shown.length ? shown : ["\u0000nothing"];
    const fields = [{ type: "E", field }];
    state.view.data(param + "_store", chosen.map((value) => ({ unit: "", fields, values: [value] })));
    state.view.runAsync();
  }

  // --- when: as they scroll into view or are unfolded, again when the colours change

  const figures = [...document.querySelectorAll("figure[data-chart]")];
  for (const figure of figures) { // room for the buttons that come, so that nothing below moves
    if (source(figure).includes('"bind"')) figure.querySelector(".controls").classList.add("awaited");
  }
  const queue = [];
  let busy = false;
  async function work() {
    if (busy) return;
    busy = true;
    while (queue.length) {
      await draw(queue.shift());
      await new Promise((next) => setTimeout(next, 0)); // lets the page answer between two charts
    }
    busy = false;
  }
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      watch.unobserve(entry.target);
      queue.push(entry.target);
    }
    work();
  }, { rootMargin: "300px" });
  figures.forEach((figure) => watch.observe(figure));

  dark.addEventListener("change", () => {
    for (const figure of drawn.keys()) {
      if (!figure.classList.contains("drawn")) continue;
      figure.querySelector(".controls").replaceChildren();
      if (figure.clientWidth) queue.push(figure);
      else watch.observe(figure); // folded: when it is opened again
    }
    work();
  });

  // A chart that was folded while the window changed has the width of nothing.
  document.addEventListener("toggle", (event) => {
    if (!event.target.open) return;
    for (const figure of event.target.querySelectorAll("figure.drawn")) {
      const { view, fluid } = drawn.get(figure), room = figure.querySelector(".chart").clientWidth;
      if (fluid && room && view.signal("width") !== room) view.signal("width", room).runAsync();
    }
  }, true);

  // In print the static pictures stand for the charts, drawn or not.
  addEventListener("beforeprint", () => {
    for (const figure of figures) {
      const still = figure.querySelector(".still");
      const found = fallback(figure), chart = figure.classList.contains("drawn");
      const picture = chart && !found.includes("<svg") ? "" : found; // a chart says more than its table
      figure.classList.toggle("pictured", picture !== "");
      if (still && !still.childElementCount) still.innerHTML = picture;
    }
  });
  addEventListener("afterprint", () => {
    document.querySelectorAll(".still").forEach((still) => still.replaceChildren());
  });

  if (quiet.matches) document.documentElement.style.scrollBehavior = "auto";
})(EMBED);
