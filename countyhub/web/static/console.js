// Keeps the page live: takes fragments that the server rendered and escaped, and puts them where they belong.
// The page works without this file; it then has to be reloaded by hand.
"use strict";

const ROWS_MAX = 200;
const SILENCE_MS = 40000; // the server says something every 15 s: after this the connection is dead, whatever the browser thinks
const REOPEN_MS = 3000;
const HIDDEN_MS = 60000;
const WAKE_MS = 20000;

const $ = (id) => document.getElementById(id);
const body = document.body;
document.documentElement.classList.add("js");

// ---- fragments -------------------------------------------------------------------------------------------------

function element(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html.trim(); // from our own server, escaped there; the policy of the page forbids inline scripts besides
  return holder.content.firstElementChild;
}

// Puts `fresh` in the place of `old`, and keeps what the reader had opened and where the focus was.
function replace(old, fresh) {
  if (old.dataset.touched) {
    fresh.dataset.touched = old.dataset.touched;
    const opened = new Set([...old.querySelectorAll("details[open]")].map((one) => one.dataset.key));
    for (const one of fresh.querySelectorAll("details")) one.open = opened.has(one.dataset.key);
  }
  const focused = old.contains(document.activeElement)
    ? [...old.querySelectorAll("a, summary, button")].indexOf(document.activeElement) : -1;
  old.replaceWith(fresh);
  if (focused >= 0) fresh.querySelectorAll("a, summary, button")[focused]?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest("summary");
  if (summary) summary.closest("[id]").dataset.touched = "yes";
});

// ---- live updates ----------------------------------------------------------------------------------------------

function addRows(rows) {
  const list = $("event-list");
  for (const row of rows) { // oldest first
    if ($(`e${row.id}`)) continue;
    const fresh = element(row.html);
    fresh.classList.add("fresh");
    list.prepend(fresh);
  }
  while (list.children.length > ROWS_MAX) list.lastElementChild.remove();
  $("no-events").hidden = list.children.length > 0;
}

function changeRows(rows) {
  for (const row of rows) {
    const old = $(`e${row.id}`);
    if (old) replace(old, element(row.html));
  }
}

function changeBoxes(boxes) {
  if (!boxes.length) return;
  const list = $("box-list");
  for (const box of boxes) {
    const fresh = element(box.html);
    const old = $(`b${box.id}`);
    if (old) { replace(old, fresh); fresh.classList.add("changed"); } else list.append(fresh);
  }
  const sorted = [...list.children].sort((a, b) => (a.dataset.rank < b.dataset.rank ? -1 : 1));
  sorted.forEach((one, i) => { if (list.children[i] !== one) list.insertBefore(one, list.children[i]); });
  $("box-count").textContent = String(list.children.length);
  $("no-boxes").hidden = list.children.length > 0;
  findBoxes();
}

function applyParts(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const old = $(id);
    if (old && !old.contains(document.querySelector("form :focus"))) replace(old, element(html));
  }
  document.dispatchEvent(new Event("parts"));
}

function apply(update) {
  if (update.parts) return applyParts(update.parts);
  if (update.summary) $("summary").replaceWith(element(update.summary));
  if (update.attention) replace($("attention"), element(update.attention));
  addRows(update.rows);
  changeRows(update.changed);
  changeBoxes(update.boxes);
}

// ---- the connection --------------------------------------------------------------------------------------------

let source = null;
let lastId = "";
let watchdog = 0;
let heardAt = 0;
let hiding = 0;

function show(state, text = "") {
  const live = $("live");
  live.className = `live ${state}`;
  live.querySelector(".text").textContent = text ||
    { on: body.dataset.liveOn, connecting: body.dataset.liveConnecting, broken: body.dataset.liveBroken }[state];
}

function heard() {
  heardAt = Date.now();
  show("on");
  clearTimeout(watchdog);
  watchdog = setTimeout(reopen, SILENCE_MS);
}

function reopen() {
  show("broken");
  source.close();
  clearTimeout(watchdog);
  watchdog = setTimeout(open, REOPEN_MS);
  leaveIfOver();
}

// A stream does not say why it was refused. Who is logged out is led to the log-in and back here afterwards; who must
// not see this page any more, or not before something else, is told so by the page itself.
async function leaveIfOver() {
  const asked = new AbortController();
  try {
    const answer = await fetch(body.dataset.stream, { redirect: "manual", signal: asked.signal });
    if (answer.status === 401) location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    else if (answer.status === 403 || answer.type === "opaqueredirect") location.reload();
    else if (answer.status === 503 && answer.headers.has("Content-Language")) { // no place: it says so, and for how long
      const said = (await answer.text()).trim();
      if (source.readyState !== EventSource.CLOSED) return;
      show("broken", said);
      clearTimeout(watchdog);
      watchdog = setTimeout(open, Number(answer.headers.get("Retry-After")) * 1000 * (1 + Math.random()));
    }
  } catch { /* no connection: the next try comes by itself */ }
  asked.abort();
}

function open() {
  source?.close();
  const url = new URL(body.dataset.stream, location.href);
  if (lastId) url.searchParams.set("after", lastId);
  source = new EventSource(url);
  source.addEventListener("open", heard);
  source.addEventListener("tick", heard);
  source.addEventListener("reload", () => location.reload()); // what the reader sees or may do is another now
  source.addEventListener("update", (event) => {
    lastId = event.lastEventId;
    heard();
    apply(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    show("broken"); // the browser tries again by itself, and says from where, unless it gave up
    if (source.readyState === EventSource.CLOSED) reopen();
  });
}

// A laptop that wakes up does not wait for the watchdog, and a tab that nobody looks at gives its connection back:
// browsers have six for a host. A wall screen is never hidden.
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (!source) return;
  if (document.hidden) {
    hiding = setTimeout(() => { clearTimeout(watchdog); source.close(); show("connecting"); heardAt = 0; }, HIDDEN_MS);
  } else if (Date.now() - heardAt > WAKE_MS) open();
});
addEventListener("online", () => source && open());
addEventListener("pageshow", (event) => event.persisted && source && open());

// ---- small things ----------------------------------------------------------------------------------------------

function findBoxes() {
  const wanted = $("find").value.trim().toLowerCase();
  for (const one of $($("find").dataset.list || "box-list").children) one.hidden = wanted !== "" && !one.dataset.find.includes(wanted);
}

function showLarge(link) {
  $("large-caption").textContent = link.dataset.caption;
  $("large-stage").replaceChildren(...link.dataset.pictures.split(" ").map((path) => {
    const picture = document.createElement("img");
    picture.src = path;
    picture.alt = link.dataset.caption;
    return picture;
  }));
  $("large").showModal();
}

document.addEventListener("click", (event) => {
  const link = $("large") && event.target.closest("a.thumb[data-pictures]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    showLarge(link);
  } else if ($("large") && event.target === $("large")) {
    $("large").close(); // a click beside the picture
  }
});

function tellTime() {
  const parts = (options) => new Intl.DateTimeFormat("sv-SE", { timeZone: body.dataset.timezone, ...options });
  const now = new Date();
  const time = document.createElement("b");
  time.textContent = parts({ hour: "2-digit", minute: "2-digit" }).format(now);
  $("clock").replaceChildren(parts({ year: "numeric", month: "2-digit", day: "2-digit" }).format(now), time);
}

// ---- map -------------------------------------------------------------------------------------------------------

let coloured = [];

// Only shapes that change are touched: a county has sixteen hundred.
function recolour() {
  const state = $("map-state");
  if (!state || !$("map")) return;
  const wanted = new Map();
  for (const [name, codes] of Object.entries(JSON.parse(state.dataset.state))) {
    for (const code of codes) wanted.set(`g${code}`, `s-${name}`);
  }
  for (const id of coloured) if (!wanted.has(id)) $(id)?.removeAttribute("class");
  for (const [id, name] of wanted) {
    const shape = $(id);
    if (shape && shape.getAttribute("class") !== name) shape.setAttribute("class", name);
  }
  coloured = [...wanted.keys()];
}
document.addEventListener("parts", recolour);
recolour();

function redirect(link, by) {
  const url = new URL(link.getAttribute("href"), location.href); // a link of a drawing has no address as text
  url.searchParams.set("by", by);
  link.setAttribute("href", url.pathname + url.search);
}

// Another colouring of the same map: the shapes stay, only what they say comes. The link itself opens the page anew.
let colouring = 0;
async function colourBy(link) {
  const turn = ++colouring;
  source?.close(); // nothing of the old colouring comes after the new one
  const answer = await fetch(`/map/state${new URL(link.href).search}`);
  if (!answer.ok) throw new Error(answer.statusText);
  const { parts } = await answer.json();
  if (turn !== colouring) return; // somebody clicked again meanwhile
  applyParts(parts);
  for (const other of link.closest("nav").querySelectorAll("a")) other.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  for (const deeper of document.querySelectorAll("#map a[href^='/map'], .places a[href^='/map']")) redirect(deeper, link.dataset.by);
  history.replaceState(null, "", link.href);
  const stream = new URL(body.dataset.stream, location.href);
  stream.searchParams.set("by", link.dataset.by);
  body.dataset.stream = stream.pathname + stream.search;
  lastId = "";
  open();
}

document.addEventListener("click", (event) => {
  const link = $("map-state") && event.target.closest("a[data-by]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  colourBy(link).catch(() => location.assign(link.href));
});

// ---- forms -----------------------------------------------------------------------------------------------------

// Who writes while the case changes is told so, and keeps what is written.
document.addEventListener("parts", () => {
  const seen = document.querySelector("form[data-version]")?.dataset.version;
  const now = $("case-head")?.dataset.version;
  if ($("case-changed") && seen && now) $("case-changed").hidden = seen === now;
});

// A photo of a phone has ten megabytes: it goes over the village's line as a picture of 1600 pixels.
const PHOTO_PX = 1600;
async function smaller(file) {
  if (!file.type.startsWith("image/") || file.type === "image/gif") return file;
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, PHOTO_PX / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(image.width * scale), Math.round(image.height * scale)];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82))) || file;
  } catch {
    return file; // not a picture that this browser knows: the hub judges it
  }
}

async function sendFile(to, csrf, file) {
  const url = new URL(to, location.href);
  url.searchParams.set("name", file.name);
  const sent = await fetch(url, { method: "POST", headers: { "X-CSRF-Token": csrf }, body: await smaller(file) });
  if (!sent.ok) throw new Error(await sent.text());
}

async function upload(form) {
  const status = form.querySelector("[role=status]");
  const files = [...form.querySelector("input[type=file]").files];
  try {
    for (const [i, file] of files.entries()) {
      status.textContent = `${i + 1}/${files.length}`;
      await sendFile(form.dataset.to, form.dataset.csrf, file);
    }
    if (files.length) location.reload();
  } catch (error) {
    status.textContent = error.message;
  }
}

// The matter is reported first, then its photos: a photo that does not get through takes nothing with it.
async function report(form) {
  const status = form.querySelector("[role=status]");
  const button = form.querySelector("button");
  button.disabled = true;
  status.textContent = form.dataset.sending;
  try {
    const fields = new FormData(form);
    fields.delete("photos");
    const sent = await fetch(form.action, {
      method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRF-Token": form.elements.csrf.value, Accept: "text/plain" },
    });
    const said = (await sent.text()).trim();
    if (!sent.ok) throw new Error(said);
    form.elements.key.value = "";
    for (const file of form.elements.photos.files) await sendFile(`/cases/${said}/files`, form.elements.csrf.value, file);
    location.assign(`/cases/${said}?done=opened`);
  } catch (error) {
    status.textContent = error instanceof TypeError ? form.dataset.offline : error.message;
    button.disabled = false;
  }
}

if ($("upload")) {
  $("upload").hidden = false;
  $("upload").addEventListener("change", () => upload($("upload")));
}
if ($("report")) $("report").addEventListener("submit", (event) => { event.preventDefault(); report($("report")); });
if ($("print")) {
  $("print").hidden = false;
  $("print").addEventListener("click", () => print());
}

// What was chosen is said in the page's language: the browser's own words are covered.
for (const input of document.querySelectorAll(".pick input[type=file]")) {
  const chosen = input.parentElement.querySelector(".chosen");
  input.addEventListener("change", () => {
    chosen.textContent = input.files.length > 1 ? `${input.files.length} ${chosen.dataset.many}` : (input.files[0]?.name ?? "");
  });
}

// A day is written in the page's own form; who would rather choose gets the browser's calendar beside it.
for (const day of document.querySelectorAll(".day-field")) {
  const [field, picker, button] = [day.querySelector("input"), document.createElement("input"), document.createElement("button")];
  Object.assign(picker, { type: "date", tabIndex: -1, className: "picker" });
  if (!picker.showPicker) continue;
  picker.setAttribute("aria-hidden", "true");
  Object.assign(button, { type: "button", className: "quiet", textContent: "▾", title: day.dataset.pick });
  button.setAttribute("aria-label", day.dataset.pick);
  button.addEventListener("click", () => { picker.value = field.value; picker.showPicker(); });
  picker.addEventListener("change", (event) => { event.stopPropagation(); field.value = picker.value; });
  day.append(picker, button);
}

// On a phone the list comes first, and where one is stands in sight.
if (matchMedia("(max-width: 640px)").matches) {
  for (const fold of document.querySelectorAll(".fold")) fold.open = false;
  const here = document.querySelector(".main-nav [aria-current]");
  if (here) here.closest("ul").scrollLeft = here.offsetLeft - (innerWidth - here.offsetWidth) / 2;
}

// A form of filters goes as soon as something is chosen.
for (const form of document.querySelectorAll("form.filter")) {
  form.addEventListener("change", (event) => event.target.matches("select, input[type=checkbox]") && form.requestSubmit());
}
if ($("find")) {
  $("find").hidden = false;
  $("find").addEventListener("input", findBoxes);
}
$("clock").hidden = false;
tellTime();
setInterval(tellTime, 5000);
if (body.dataset.stream) open();
