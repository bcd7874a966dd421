// The keyboard: every key here does what a link or field of the page does. The page itself says which, at "?".
// Never while somebody types, chooses or holds another key; with the script gone nothing is missing but the keys.
"use strict";

{
  const GO = { l: "/", c: "/cases", m: "/map", k: "/cameras", b: "/boxes", e: "/events", s: "/checkins", r: "/report" };
  const AFTER_G_MS = 1500;
  const FIELDS = "input, textarea, select, [contenteditable]";
  const SEARCH = "main input[type=search]";
  const ROWS = "table.cases tbody .c-title a, #event-list .event a, .boxtable tbody th a, .plain-list a, .counts tbody th a";
  const help = document.getElementById("keys");
  let goUntil = 0;

  const linkTo = (path) => [...document.querySelectorAll(".main-nav a")].find((link) => link.getAttribute("href") === path);

  // One row down or up from where the focus is, or from the top.
  function step(by) {
    const rows = [...document.querySelectorAll(ROWS)].filter((link) => link.checkVisibility());
    if (!rows.length) return false;
    const at = rows.indexOf(document.activeElement);
    const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function search() {
    const field = [...document.querySelectorAll(SEARCH)].find((one) => one.checkVisibility());
    if (field) field.select();
    else linkTo("/cases")?.click();
    return true;
  }

  function pressed(key) {
    if (performance.now() < goUntil) {
      goUntil = 0;
      const link = linkTo(GO[key]);
      link?.click();
      return Boolean(link);
    }
    if (key === "g") goUntil = performance.now() + AFTER_G_MS;
    else if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
    else if (key === "/") return search();
    else if (key === "?") help.showModal();
    else return false;
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      if (event.target.matches(FIELDS)) event.target.blur();
      return;
    }
    if (event.target.matches(FIELDS) || document.querySelector("dialog[open]")) return;
    if (pressed(event.key)) event.preventDefault();
  });

  const opener = document.getElementById("keys-open");
  opener.hidden = false;
  opener.addEventListener("click", () => help.showModal());
  help.addEventListener("click", (event) => { if (event.target === help) help.close(); });
  for (const row of help.querySelectorAll("[data-to]")) row.hidden = !linkTo(row.dataset.to);
}
