// What all pages share: parts that fold, the table of contents, hints at tables that scroll, and print. Without scripts
// the browser's own <details> fold, and the table of contents is a plain list.
(function () {
  "use strict";

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const narrow = matchMedia("(max-width: 640px)");

  // --- folding: on a phone the parts marked data-fold="narrow" start closed

  if (narrow.matches) all('details[data-fold="narrow"]').forEach((part) => { part.open = false; });

  function reveal(target) {
    const own = target.matches("details") ? target : target.querySelector(":scope > details");
    for (let part = own || target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  }

  function goTo(hash) {
    let id = hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* taken as it is */ }
    const target = id && document.getElementById(id);
    if (!target) return;
    reveal(target);
    requestAnimationFrame(() => target.scrollIntoView()); // what opened has moved it
  }
  addEventListener("hashchange", () => goTo(location.hash));
  document.addEventListener("click", (event) => { // also where the address is that one already
    const link = event.target.closest && event.target.closest('a[href^="#"]');
    if (link && link.getAttribute("href") === location.hash) goTo(location.hash);
  });

  for (const button of all("button.unfold")) {
    const section = button.closest("section") || document;
    const parts = () => all("details.fold", section);
    const tell = () => {
      const open = parts().every((part) => part.open);
      button.textContent = open ? "Fold all" : "Open all";
      button.setAttribute("aria-expanded", String(open));
    };
    button.addEventListener("click", () => {
      const open = !parts().every((part) => part.open);
      parts().forEach((part) => { part.open = open; });
    });
    section.addEventListener("toggle", tell, true);
    tell();
  }

  // --- the table of contents: where one is, and a button on a phone

  const toc = document.querySelector("nav.toc");
  if (toc) {
    const button = toc.querySelector("button"), here = button.querySelector(".here");
    const links = new Map(all("a[href^='#']", toc).map((link) => [link.getAttribute("href").slice(1), link]));
    const show = (open) => { toc.classList.toggle("open", open); button.setAttribute("aria-expanded", String(open)); };
    button.addEventListener("click", () => show(!toc.classList.contains("open")));
    toc.addEventListener("click", (event) => { if (event.target.closest("a")) show(false); });
    toc.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !toc.classList.contains("open")) return;
      show(false);
      button.focus();
    });
    document.addEventListener("click", (event) => { if (!toc.contains(event.target)) show(false); });
    const places = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
    let waiting = false;
    const mark = () => {
      waiting = false;
      const top = toc.getBoundingClientRect().bottom + 80, root = document.documentElement;
      const left = root.scrollHeight - innerHeight - scrollY; // the last sections never come to the top
      const line = top + Math.max(0, 1 - left / innerHeight) * (innerHeight - top);
      const passed = places.filter((place) => place.getBoundingClientRect().top <= line);
      const current = passed.length ? passed[passed.length - 1].id : "";
      for (const [id, link] of links) {
        if (id === current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
      here.textContent = current ? links.get(current).textContent : "";
    };
    addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(mark); } }, { passive: true });
    mark();
  }

  // --- tables that are wider than their place: a hint, shades at the ends that go on, and the focus for the keyboard

  function edges(box) {
    const room = box.scrollWidth - box.clientWidth;
    box.classList.toggle("wide", room > 1);
    box.classList.toggle("more-left", box.scrollLeft > 1);
    box.classList.toggle("more-right", box.scrollLeft < room - 1);
    if (room > 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    else if (box.clientWidth) box.removeAttribute("tabindex");
  }
  const sizes = new ResizeObserver((entries) => entries.forEach((entry) => edges(entry.target)));
  for (const box of all(".scroll")) {
    box.addEventListener("scroll", () => edges(box), { passive: true });
    sizes.observe(box);
  }

  // --- print shows what is folded

  addEventListener("beforeprint", () => all("details.print").forEach((part) => {
    part.dataset.was = part.open;
    part.open = true;
  }));
  addEventListener("afterprint", () => all("details.print").forEach((part) => { part.open = part.dataset.was === "true"; }));

  if (location.hash) goTo(location.hash);
})();
