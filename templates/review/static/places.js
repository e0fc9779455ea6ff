// The Pages screen: keys, and saving. "Saved" is what the server says; then the next report comes.
"use strict";
const place = document.getElementById("places");
const form = document.getElementById("place-form");
const state = { page: 1, before: "" };
const chosen = () => new URLSearchParams(new FormData(form)).toString();

function showPage(number) {
  const pages = all(".report-page");
  state.page = Math.min(Math.max(number, 1), pages.length);
  for (const page of pages) {
    const near = Math.abs(Number(page.dataset.page) - state.page) < 2; // the next one is there, too
    const picture = page.querySelector("img[data-src]");
    if (near && picture) { picture.src = picture.dataset.src; picture.removeAttribute("data-src"); }
    page.hidden = Number(page.dataset.page) !== state.page;
  }
  for (const button of all(".page-button")) button.setAttribute("aria-pressed", String(Number(button.dataset.page) === state.page));
  for (const cell of all("[data-column]")) cell.classList.toggle("now-column", Number(cell.dataset.column) === state.page);
  one("#page-now").textContent = state.page;
  one(`td[data-column="${state.page}"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function turn(by) {
  showPage(state.page + by);
  say(`Page ${state.page}`);
}

function toggle(key) {
  const box = key === "0" ? form.elements.rest : all("input[name=at]").find((one) => one.dataset.key === key && Number(one.dataset.page) === state.page);
  if (!box) return;
  box.checked = !box.checked;
  say(key === "0" ? `The rest is not in the report: ${box.checked ? "yes" : "no"}` : `${box.dataset.label} on page ${state.page}: ${box.checked ? "yes" : "no"}`);
}

async function save() {
  if (underWay.what || place.dataset.may !== "yes") return;
  underWay.what = "saving";
  one("#alert").textContent = "";
  say("Saving …");
  const body = new URLSearchParams(new FormData(form));
  try {
    const answer = await post(place.dataset.post, body);
    const said = await answer.json();
    if (said.state === "saved") return leave(said.there, said.sentence);
    say("");
    if (said.parent !== undefined) form.elements.parent.value = said.parent; // saved again, it replaces theirs
    one("#alert").textContent = said.sentence;
  } catch {
    say("");
    one("#alert").textContent = "Not known to be saved: the desk did not answer. Your choices are kept; save again.";
  }
  underWay.what = "";
}

const KEYS = {
  ArrowRight: () => turn(1), ArrowLeft: () => turn(-1), p: () => turn(1), P: () => turn(-1),
  Enter: save, s: () => location.assign(place.dataset.skip), n: () => toggle("n"),
};

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.defaultPrevented) return;
  if (event.key === "Enter" && keepsEnter(event.target)) return;
  if (localStorage.getItem("keys") === "off") return;
  const does = /^[0-9]$/.test(event.key) ? () => toggle(event.key) : Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (!does) return;
  event.preventDefault();
  if (underWay.what) stillUnderWay();
  else if (/^[0-9n]$|Enter/.test(event.key) && place.dataset.may !== "yes") say("Your link is a reader's: you can look at everything, and change nothing.");
  else does();
}

if (form) {
  document.addEventListener("keydown", onKey);
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  one("#skip").addEventListener("click", () => location.assign(place.dataset.skip));
  for (const button of all(".page-button")) button.addEventListener("click", () => showPage(Number(button.dataset.page)));
  leaving.unsaved = () => chosen() !== state.before;
  showPage(1);
  state.before = chosen();
  one("#pages-head").focus({ preventScroll: true });
}
