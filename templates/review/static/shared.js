// What the pages with keys and forms share: what is said, what is under way, what is not saved yet,
// and how a control was reached. Loaded before all others.
"use strict";
const one = (selector, at = document) => at.querySelector(selector);
const all = (selector, at = document) => [...at.querySelectorAll(selector)];
const say = (text) => { document.getElementById("said").textContent = text; };

// A form says in whose name its page was opened: this browser's session may be another's by now.
const post = (address, body, more = {}) => fetch(address, { method: "POST", headers: { "X-Me": document.body.dataset.me }, body, ...more });

// -- what is under way -------------------------------------------------------------------------
// One place asks it for every control, however it is used: what is changed while an answer is on its
// way is in nothing that was sent, and would be lost.

const underWay = { what: "" }; // "saving" or "opening"
const CONTROLS = "button, input, select, textarea, label, a";
const LOOKS = "[role=tab], .page-button, summary, dialog *, #show-keys, a:not([data-go])";

function refused(event) {
  if (!underWay.what) return;
  const control = event.type === "submit" ? event.target : event.target.closest?.(CONTROLS);
  if (!control || control.closest(LOOKS)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  stillUnderWay();
}

function stillUnderWay() { say(`Still ${underWay.what}; this did nothing.`); }

for (const kind of ["click", "beforeinput", "submit"]) document.addEventListener(kind, refused, true);

// -- leaving the page --------------------------------------------------------------------------

const leaving = { now: false, unsaved: () => false };

function leave(there, sentence = "") { // what was said goes along, for the next page to say
  if (sentence) sessionStorage.setItem("said", sentence);
  leaving.now = true;
  location.assign(there);
}

addEventListener("beforeunload", (event) => {
  if (!leaving.now && (underWay.what === "saving" || leaving.unsaved())) event.preventDefault();
});
addEventListener("pageshow", (event) => {
  if (event.persisted) { leaving.now = false; underWay.what = ""; } // come back to, as it was left
  const sentence = sessionStorage.getItem("said");
  sessionStorage.removeItem("said");
  if (sentence) say(sentence);
});

// -- how a control was reached -----------------------------------------------------------------
// Enter saves, but on a link or a control that was reached by keyboard, where it does what it
// always does. After a click with the mouse it saves: whoever clicked a tab did not mean to stay there.

let clicked = null;
document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest?.("dialog")) clicked = event.target.closest?.("button, summary") ?? null;
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key === "Tab" && !event.target.closest?.("dialog")) clicked = null;
}, true);

function keepsEnter(target) {
  if (target.matches("button, summary") && target === clicked) return target.matches("[data-request]");
  return target.matches("a, button, summary");
}
