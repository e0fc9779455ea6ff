// The desk: keys, saving, and what is read ahead.
//
// What must hold: "saved" is said when the server said it, and not before. While it has not, no key
// changes anything, so that nothing can reach the wrong student. What is typed is kept in this tab
// until it is saved, whatever happens to the page or the server.
"use strict";

const TIMEOUT_MS = 30000; // then it may or may not be saved; the same uuid is sent again
const FRESH_MS = 60000; // a page read ahead is shown for so long
const state = { opened: 0, away: 0, bank: 0, saved: [], last: null, zoom: 100 };
const ahead = new Map();
const panel = () => document.getElementById("panel");
const form = () => document.getElementById("grade");
const may = () => panel().dataset.may === "yes";

// -- what is chosen and typed ------------------------------------------------------------------

function choices() {
  const fields = form().elements;
  return {
    items: all("[name=item]", form()).filter((box) => box.checked).map((box) => box.value),
    nothing: Boolean(fields.nothing?.checked), adjust: fields.adjust.value, comment: fields.comment.value,
    flag: fields.flag.value, note: fields.note.value, answer: fields.answer?.value ?? "",
    marks: markValues(),
  };
}

function choose(wanted) {
  const fields = form().elements;
  for (const box of all("[name=item]", form())) box.checked = wanted.items.includes(box.value);
  if (fields.nothing) fields.nothing.checked = wanted.nothing;
  for (const name of ["adjust", "comment", "flag", "note", "answer"]) if (fields[name]) fields[name].value = wanted[name] ?? "";
  setMarks(wanted.marks ?? []);
}

const differs = () => JSON.stringify(choices()) !== state.before;

function mark() {
  panel().classList.toggle("unsaved", differs());
  showPoints();
}

// -- points ------------------------------------------------------------------------------------

function share() {
  const facts = panel().dataset;
  const boxes = all("[name=item]", form()).filter((box) => box.checked);
  const typed = form().elements.adjust.value.trim().replace("−", "-").replace(",", ".");
  if (!boxes.length && !typed && !form().elements.nothing?.checked) return null;
  const given = boxes.reduce((sum, box) => sum + Number(box.dataset.share), Number(facts.start));
  const held = Math.min(Math.max(given, Number(facts.floor)), Number(facts.ceiling));
  const by = typed ? Number(typed) / Number(facts.max) : 0;
  return Number.isFinite(by) ? Math.min(Math.max(held + by, 0), 1) : null;
}

function showPoints() {
  const value = share();
  const points = value === null ? "–" : String(Math.round(value * Number(panel().dataset.max) * 1000) / 1000);
  one("#points").textContent = points;
}

function oneOfGroup(box) {
  if (!box.checked) return;
  const nothing = form().elements.nothing;
  if (box === nothing) for (const other of all("[name=item]", form())) other.checked = false;
  else if (nothing) nothing.checked = false;
  if (!box.dataset.oneOf) return;
  for (const other of all("[name=item]", form())) {
    if (other !== box && other.dataset.oneOf === box.dataset.oneOf) other.checked = false;
  }
}

// -- going from answer to answer ---------------------------------------------------------------

async function read(address) {
  const answer = await fetch(address, { headers: { "X-Panel": "1" } });
  if (!answer.ok) throw Object.assign(new Error("refused"), { answer });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.getElementById("panel");
}

function readAhead(address) {
  if (!address || (ahead.has(address) && performance.now() - ahead.get(address).at < FRESH_MS)) return;
  const coming = read(address).then((found) => {
    for (const image of all("img[src^='/']", found)) new Image().src = image.getAttribute("src");
    return found;
  });
  coming.catch(() => ahead.delete(address));
  ahead.set(address, { at: performance.now(), coming });
}

async function taken(address) {
  const known = ahead.get(address);
  ahead.delete(address);
  if (known && performance.now() - known.at < FRESH_MS) {
    try { return await known.coming; } catch { /* read again below */ }
  }
  return read(address);
}

async function go(address, push = true) {
  if (!address || underWay.what) return;
  underWay.what = "opening";
  try {
    await swap(address, push);
  } catch (error) {
    trouble(error.answer?.status === 401
      ? "This session has ended. Open a new link in this tab; what you typed is kept in it."
      : "The next answer could not be read. Press the key again.");
  } finally {
    underWay.what = "";
  }
}

async function swap(address, push) {
  const found = await taken(address);
  say(""); // what was said was about the answer before
  panel().replaceWith(document.adoptNode(found));
  if (push) history.pushState(null, "", address);
  bind();
  one("#answer-head").focus({ preventScroll: true });
  scrollTo(0, 0);
}

// -- saving ------------------------------------------------------------------------------------

function trouble(sentence, link) { // with a link or a button that helps
  const place = document.getElementById("alert");
  place.replaceChildren(document.createTextNode(sentence));
  if (link) place.append(" ", link);
}

function hold(held) { // while the server has the answer, nothing on the page can be changed
  panel().classList.toggle("saving", held);
  if (held) endPlacing();
  for (const field of all("aside input:not([type=hidden]), aside textarea, aside button", panel())) {
    if (field.type === "checkbox" || field.tagName === "BUTTON") field.setAttribute("aria-disabled", String(held));
    else field.readOnly = held;
  }
}

async function send(address, body) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const answer = await post(address, body, { signal: stop.signal });
    return await answer.json();
  } finally {
    clearTimeout(timer);
  }
}

async function save() {
  if (underWay.what || !may()) return;
  const address = panel().dataset.address;
  const body = new URLSearchParams(new FormData(form()));
  body.set("seconds", ((performance.now() - state.opened - state.away) / 1000).toFixed(1));
  await exchange(`${address}/decision`, body, async (said) => {
    state.last = { ...choices(), of: Number(form().elements.of.value) };
    if (!panel().dataset.query) state.saved.push({ address, uuid: said.uuid });
    await goOn(address, said);
  });
}

async function goOn(address, said) { // to the next answer, or to the list where none is left
  sessionStorage.removeItem(draftKey());
  ahead.delete(address);
  if (!said.next) return leave(panel().dataset.list, said.sentence);
  await swap(said.next, true);
  renew(said); // this page was read ahead, before the answer was saved
}

function renew(said) {
  one("#so-far").textContent = said.so_far;
  for (const place of all("[data-count]", form())) place.textContent = said.counts[place.dataset.count] ?? 0;
}

async function takeOver() { // the decision about an earlier hand-in, or its choices to begin with
  const button = one("#offered");
  if (!button || underWay.what || !may()) return;
  if (button.dataset.same !== "yes") {
    choose({ ...choices(), ...JSON.parse(button.dataset.choices) });
    keepDraft();
    say("The old choices are here; read the answer, and save.");
    return;
  }
  const { address } = panel().dataset;
  const body = new URLSearchParams({ uuid: form().elements.uuid.value, offered: button.dataset.offered });
  await exchange(`${address}/take-over`, body, async (said) => {
    state.saved.push({ address, uuid: said.uuid });
    await goOn(address, said);
  });
}

async function undo(whose) { // somebody else's: after a head was asked
  if (underWay.what || !may()) return;
  if (panel().dataset.query) return say("A second reading stays as it is; read the answer again to change it.");
  const last = state.saved.at(-1) ?? { address: panel().dataset.address, uuid: state.here.parent };
  if (!last.uuid) return say("Nothing was saved that could be undone.");
  if (state.undoing?.of !== last.uuid) state.undoing = { of: last.uuid, uuid: crypto.randomUUID() };
  const body = new URLSearchParams({ uuid: state.undoing.uuid, parent: last.uuid });
  if (typeof whose === "string") body.set("whose", whose);
  await exchange(`${last.address}/undo`, body, async () => {
    state.undoing = null;
    state.saved.pop();
    ahead.clear();
    await swap(last.address, true);
  }, "Undone. ", last.address);
}

async function exchange(address, body, saved, word = "", at = null) { // `at`: of another answer
  underWay.what = "saving";
  hold(true);
  say("Saving …");
  document.getElementById("alert").replaceChildren();
  try {
    const said = await send(address, body);
    if (said.state === "saved") {
      try {
        await saved(said);
      } catch {
        leave(said.next || panel().dataset.list, word + said.sentence);
      }
      if (!leaving.now) say(word + said.sentence);
    } else {
      await notSaved(said, at);
    }
  } catch {
    say("");
    trouble("Not known to be saved: the desk did not answer. Your choices are kept; save again.");
  } finally {
    if (!leaving.now) {
      hold(false);
      underWay.what = "";
    }
  }
}

async function notSaved(said, at) {
  say("");
  state.undoing = null;
  if (said.state === "ask") return setTimeout(() => confirm(said.sentence) && undo(said.whose));
  if (said.state === "outdated" || said.state === "conflict") {
    if (at) state.saved.pop(); // it is not the latest any more, and cannot be undone
    else if (said.state === "conflict") sessionStorage.removeItem(draftKey());
    else renewDraft(said.now);
    ahead.clear();
    const there = at ?? panel().dataset.address + panel().dataset.query;
    await swap(there, Boolean(at)).catch(() => {});
  }
  const more = [...document.getElementById("alert").childNodes]; // of a draft
  trouble(said.sentence, said.compare && element("a", { href: said.compare, textContent: "Compare the decisions" }));
  document.getElementById("alert").append(" ", ...more);
}

async function request(button) { // what is said in a regrade request; the points stay
  if (underWay.what) return;
  const words = one(`textarea[name=${button.dataset.text}]`);
  button.dataset.uuid ??= crypto.randomUUID(); // sent again, it adds nothing
  const { parent, thread } = state.here; // as the page shows them
  const body = new URLSearchParams({ uuid: button.dataset.uuid, kind: button.dataset.request, text: words.value, parent, thread });
  const { address } = panel().dataset;
  await exchange(`${address}/request`, body, async () => {
    words.value = "";
    keepDraft();
    ahead.delete(address);
    await swap(address, false);
  });
}

// The comment as the student would read it, where it is more than plain words.
let previewing = 0;

function previewSoon() {
  clearTimeout(previewing);
  previewing = setTimeout(previewNow, 500);
}

async function previewNow() {
  const text = form()?.elements.comment.value ?? "";
  const place = one("#preview");
  if (!place || !form()) return;
  if (!/[*_`$#>\[\\]|\n/.test(text)) { place.hidden = true; return; }
  try {
    const answer = await fetch("/preview", { method: "POST", body: new URLSearchParams({ text }) });
    if (!answer.ok || form()?.elements.comment.value !== text) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...made.body.childNodes);
    place.hidden = false;
  } catch { /* with the next key */ }
}

// -- what is looked at -------------------------------------------------------------------------

function showTab(tab, focus) {
  for (const other of all("[role=tab]")) {
    const on = other === tab;
    other.setAttribute("aria-selected", String(on));
    other.tabIndex = on ? 0 : -1;
    document.getElementById(other.getAttribute("aria-controls")).hidden = !on;
  }
  state.tab = tab.id;
  if (focus) tab.focus();
}

function turnTab(by, focus) {
  const tabs = all("[role=tab]");
  const at = tabs.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
  showTab(tabs[(at + by + tabs.length) % tabs.length], focus);
}

function showPage(number) {
  for (const page of all(".report-page")) {
    page.hidden = Number(page.dataset.page) !== number;
    const picture = one("img[data-src]", page);
    if (!page.hidden && picture) { picture.src = picture.dataset.src; picture.removeAttribute("data-src"); }
  }
  for (const button of all(".page-button")) button.setAttribute("aria-pressed", String(Number(button.dataset.page) === number));
}

function turnPage(by) {
  const shown = all(".report-page").filter((page) => !page.hidden).map((page) => Number(page.dataset.page));
  const last = all(".report-page").length;
  if (!last) return;
  showTab(one("#tab-report"), false);
  const from = by > 0 ? Math.max(...shown) : Math.min(...shown);
  showPage(Math.min(Math.max(from + by, 1), last));
}

function zoom(by) {
  state.zoom = Math.min(Math.max(state.zoom + by, 40), 300);
  one(".report-pages")?.style.setProperty("--zoom", `${state.zoom}%`);
}

function take() { // what the checks offer; it still has to be saved
  const offer = one("#take");
  if (!offer) return say("The checks offer no points for this answer.");
  choose({ ...choices(), items: [], nothing: Number(offer.dataset.points) === 0, adjust: Number(offer.dataset.points) === 0 ? "" : offer.dataset.points });
  keepDraft();
  say(`The checks' points: ${one("#points").textContent}`);
}

function again() { // the same share as the last answer: another course may have other points
  if (!state.last) return say("Nothing was saved yet that could be given again.");
  const { items, nothing, adjust, of } = state.last;
  const scale = Number(form().elements.of.value) / of;
  const typed = Number(adjust.trim().replace("−", "-").replace(",", ".")) * scale;
  choose({ ...choices(), items, nothing, adjust: adjust && scale !== 1 ? String(Number(typed.toFixed(6))) : adjust });
  keepDraft();
  say("The same items as the last answer.");
}

function ask(which) {
  one(which).showModal();
  one("input:not([type=hidden])", one(which)).select();
}

async function lookAround() { // who else is here; a hint, and no more
  if (!form() || document.hidden || !panel().dataset.address) return;
  try {
    const answer = await fetch(`${panel().dataset.address}/here`, { headers: { "X-Panel": "1" } });
    const said = answer.ok ? (await answer.json()).sentence : "";
    if (one("#here")) one("#here").textContent = said;
  } catch { /* the next time */ }
}

// -- keys --------------------------------------------------------------------------------------

function digit(key) {
  const box = all(".item input", form()).find((item) => item.dataset.key === key && ["all", String(state.bank)].includes(item.dataset.bank));
  if (!box) return;
  box.checked = !box.checked;
  oneOfGroup(box);
  keepDraft();
  say(`${one(".what", box.parentElement).firstChild.textContent}: ${box.checked ? "on" : "off"}, ${one("#points").textContent} of ${panel().dataset.max} points`);
}

function turnBank(by) {
  const banks = Math.max(0, ...all("[name=item]", form()).map((box) => Number(box.dataset.bank)));
  state.bank = Math.min(Math.max(state.bank + by, 0), banks);
  for (const label of all(".item")) label.classList.toggle("off-bank", !["all", String(state.bank)].includes(label.dataset.bank));
}

const KEYS = {
  Enter: save, s: () => go(panel().dataset.next), u: undo,
  h: () => go(panel().dataset.before), ArrowLeft: () => go(panel().dataset.before),
  l: () => go(panel().dataset.after), ArrowRight: () => go(panel().dataset.after),
  j: () => go(panel().dataset.nextPart), k: () => go(panel().dataset.previousPart),
  c: () => form().elements.comment.focus(), f: () => form().elements.flag.focus(),
  ".": again,
  m: startMark, o: takeOver, a: take, "[": () => turnBank(-1), "]": () => turnBank(1), t: () => turnTab(1, false),
  p: () => turnPage(1), P: () => turnPage(-1), "+": () => zoom(20), "-": () => zoom(-20), w: () => zoom(100 - state.zoom),
  "?": () => one("#keys").showModal(), g: () => ask("#go"), "/": () => ask("#find"),
};

const CHANGES = new Set([..."0123456789.", "Enter", "a", "c", "f", "m", "o", "u"]); // not for readers

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=checkbox])");
}

function onKey(event) {
  if (!panel() || event.defaultPrevented || event.isComposing || one("dialog[open]")) return;
  if (!underWay.what && markKey(event)) return;
  if (event.key === "Enter" && event.ctrlKey && !event.repeat) { event.preventDefault(); doKey("Enter", save); return; }
  if (event.key === "Escape" && isTyping(event.target)) { one("#answer-head").focus(); return; }
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyping(event.target)) return;
  if (event.target.matches("[role=tab]") && event.key.startsWith("Arrow")) {
    event.preventDefault();
    turnTab(event.key === "ArrowLeft" ? -1 : 1, true);
    return;
  }
  if (event.key === "Enter" && keepsEnter(event.target)) return;
  if (localStorage.getItem("keys") === "off" && event.key !== "?") return;
  const does = /^[0-9]$/.test(event.key) ? () => digit(event.key) : Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (!does) return;
  event.preventDefault();
  doKey(event.key, does);
}

function doKey(key, does) {
  if (underWay.what) stillUnderWay();
  else if (CHANGES.has(key) && !may()) say("Your link is a reader's: you can look at everything, and change nothing.");
  else does();
}

// -- at the start, and after each swap ---------------------------------------------------------

function bind() {
  document.title = panel().dataset.title;
  bindMarks();
  Object.assign(state, { opened: performance.now(), away: 0, bank: 0, before: JSON.stringify(choices()) });
  restoreDraft();
  form().addEventListener("submit", (event) => { event.preventDefault(); save(); });
  form().elements.answer?.addEventListener("input", keepDraft);
  form().elements.comment.addEventListener("input", previewSoon);
  previewNow();
  form().addEventListener("input", (event) => { if (event.target.type === "checkbox") oneOfGroup(event.target); keepDraft(); });
  for (const button of all("[data-request]")) button.addEventListener("click", () => request(button));
  one("#skip").addEventListener("click", () => go(panel().dataset.next));
  one("#undo").addEventListener("click", undo);
  one("#offered")?.addEventListener("click", takeOver);
  one("#take")?.addEventListener("click", take);
  one("#show-keys").addEventListener("click", () => one("#keys").showModal());
  one("#keys-off").checked = localStorage.getItem("keys") === "off";
  one("#keys-off").addEventListener("change", (event) => localStorage.setItem("keys", event.target.checked ? "off" : "on"));
  for (const link of all("[data-go]")) link.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); go(link.getAttribute("href")); }
  });
  for (const tab of all("[role=tab]")) tab.addEventListener("click", () => showTab(tab, false));
  for (const button of all(".page-button")) button.addEventListener("click", () => showPage(Number(button.dataset.page)));
  for (const button of all(".insert")) button.addEventListener("click", () => {
    const box = form().elements.comment;
    box.value = [box.value.trim(), button.dataset.text].filter(Boolean).join("\n\n");
    keepDraft();
    box.focus();
  });
  for (const button of all("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
  lookAround();
  turnBank(0);
  zoom(0);
  const tab = state.tab && document.getElementById(state.tab);
  if (tab) showTab(tab, false);
  mark();
  readAhead(panel().dataset.next);
  if (panel().dataset.after !== panel().dataset.next) readAhead(panel().dataset.after);
}

document.addEventListener("keydown", onKey);
setInterval(lookAround, 15000);
addEventListener("popstate", () => go(location.pathname + location.search, false));
leaving.unsaved = () => Boolean(form()) && differs();
let left = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) left = performance.now();
  else if (left) state.away += performance.now() - left;
});
bind();
