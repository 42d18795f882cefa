"use strict";
// The page is complete without this script, which adds the filter, the order,
// and opens what a link leads into. It speaks no language: all words are in the page.
(() => {
  const list = document.getElementById("list");
  const pageful = 100;
  const opened = (e) => { for (let p = e; p; p = p.parentElement) if (p.localName === "details") p.open = true; };

  const goTo = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    const own = target.querySelector(":scope > details");
    if (own) own.open = true;
    opened(target);
    const show = () => target.scrollIntoView({ block: target.localName === "section" ? "start" : "center", behavior: "instant" });
    show();
    target.focus({ preventScroll: true });
    // Sections take their true height when they come into view: look again then.
    requestAnimationFrame(() => requestAnimationFrame(show));
  };
  addEventListener("hashchange", goTo);
  // A link to where one already is changes no hash, and must still open it.
  document.addEventListener("click", (e) => {
    const a = e.target.closest('a[href^="#"]');
    if (a && a.getAttribute("href") === location.hash) goTo();
  });
  goTo();
  if (!list) return;

  const form = document.getElementById("filter");
  const field = (id) => document.getElementById(id);
  const body = list.tBodies[0];
  const count = field("count");
  const more = field("more");
  const number = new Intl.NumberFormat(document.documentElement.lang);
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true, sensitivity: "base" });
  const fold = (s) => s.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const verdicts = ["no", "with_host", "unknown", "not_before", "alone", "failed"];

  const rows = Array.from(body.rows, (row, place) => {
    const link = row.cells[0].querySelector("a");
    return {
      row, place, text: fold(row.textContent), labels: (row.dataset.labels || "").split("\n"),
      section: link && document.getElementById(link.hash.slice(1)), keys: [
        row.cells[0].textContent, verdicts.indexOf(row.dataset.verdict),
        row.cells[3] ? row.cells[2].textContent : "", row.cells[3] ? row.cells[3].textContent : "", place,
      ],
    };
  });
  let order = rows.slice();
  let limit = pageful;
  let shown = rows;

  const draw = () => {
    const words = fold(field("f-text").value).split(/\s+/).filter(Boolean);
    const verdict = field("f-verdict").value, severity = field("f-severity").value;
    const label = field("f-label") ? field("f-label").value : "";
    shown = order.filter((r) => words.every((w) => r.text.includes(w)) && (!verdict || r.row.dataset.verdict === verdict) &&
      (!severity || r.row.dataset.severity === severity) && (!label || r.labels.includes(label)));
    const visible = new Set(shown.slice(0, limit)), kept = new Set(shown);
    for (const r of rows) {
      r.row.hidden = !visible.has(r);
      if (r.section) r.section.hidden = !kept.has(r);
    }
    more.parentElement.hidden = shown.length <= limit;
    count.textContent = count.dataset.format.replace("{n}", number.format(shown.length)).replace("{all}", number.format(rows.length));
  };

  list.tHead.querySelectorAll("th").forEach((th, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...th.childNodes);
    th.append(button);
    button.addEventListener("click", () => {
      const down = th.getAttribute("aria-sort") === "ascending";
      list.tHead.querySelectorAll("th").forEach((o) => o.removeAttribute("aria-sort"));
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      const compare = (a, b) => typeof a === "number" ? a - b : (a === "") - (b === "") || collator.compare(a, b);
      order = rows.slice().sort((a, b) => {
        const empty = (a.keys[i] === "") - (b.keys[i] === "");
        return empty || (down ? -1 : 1) * compare(a.keys[i], b.keys[i]) || a.place - b.place;
      });
      body.append(...order.map((r) => r.row));
      draw();
    });
  });
  list.tHead.classList.add("live");

  form.addEventListener("input", () => { limit = pageful; draw(); });
  form.addEventListener("reset", () => setTimeout(() => { limit = pageful; draw(); }));
  form.addEventListener("submit", (e) => e.preventDefault());
  more.addEventListener("click", () => { limit += pageful; draw(); });
  const all = (open) => { for (const r of shown) if (r.section) r.section.querySelector("details").open = open; };
  field("fold").addEventListener("click", () => all(false));
  field("unfold").addEventListener("click", () => all(true));
  addEventListener("beforeprint", () => { const was = limit; limit = Infinity; draw(); limit = was; });
  addEventListener("afterprint", draw);
  form.hidden = false;
  draw();
})();
