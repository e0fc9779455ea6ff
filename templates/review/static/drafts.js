// What is typed and not saved yet, kept in this tab. A draft goes along with what it was made on: the
// decision in force, the hand-in, the rubric, the points and the request that were seen when it was
// begun. Restored on a page that shows something else, it still says so when it is saved, and the
// desk keeps it beside what somebody decided meanwhile. Uses what `shared.js` and `desk.js` name.
"use strict";

// By whom and in which reading: a draft of a second reading is none of the first.
const draftKey = () => `draft ${panel().dataset.me} ${panel().dataset.address}${panel().dataset.query}`;
const MADE_ON = ["uuid", "parent", "zip", "rubric", "of", "thread", "beside"];

function ground() {
  const fields = form().elements;
  return Object.fromEntries(MADE_ON.map((name) => [name, fields[name].value]));
}

function setGround(on) {
  for (const name of MADE_ON) form().elements[name].value = on[name];
}

function keepDraft() {
  if (!may()) return;
  if (differs()) sessionStorage.setItem(draftKey(), JSON.stringify({ on: ground(), ...choices() }));
  else sessionStorage.removeItem(draftKey());
  mark();
}

function restoreDraft() {
  state.here = ground();
  const text = sessionStorage.getItem(draftKey());
  if (!text) return;
  const { on, ...wanted } = JSON.parse(text);
  if (state.here.parent === on.uuid && JSON.stringify(wanted) === state.before) {
    sessionStorage.removeItem(draftKey()); // its reply was lost, not itself
    say("This answer was saved.");
    return;
  }
  if (state.here.parent === on.uuid) Object.assign(on, { parent: on.uuid, uuid: state.here.uuid }); // changed since its reply was lost
  const { by, me } = panel().dataset;
  if (!by) on.parent = state.here.parent; // nothing counts now: it replaces nobody's
  setGround(on);
  choose(wanted);
  say("What you had not saved is here again.");
  if (on.parent === state.here.parent) return;
  const theirs = by === me ? "what you decided on another page" : `${by}'s decision`;
  const begin = element("button", { type: "button", textContent: `Begin with ${theirs}` });
  begin.addEventListener("click", forgetDraft);
  const who = by === me ? "You decided about this answer, on another page," : `${by} decided about this answer`;
  trouble(`${who} after you began. If you save what you had not saved, both are kept, and a head settles which one counts.`, begin);
}

function forgetDraft() {
  sessionStorage.removeItem(draftKey());
  setGround(state.here);
  choose(JSON.parse(state.before));
  mark();
  document.getElementById("alert").replaceChildren();
  say("What you had not saved is gone; this is what counts now.");
  one("#answer-head").focus();
}

function renewDraft(now) { // once what changed was told: what it is made on, as it is now
  const text = sessionStorage.getItem(draftKey());
  if (!text) return;
  const draft = JSON.parse(text);
  sessionStorage.setItem(draftKey(), JSON.stringify({ ...draft, on: { ...draft.on, ...now } }));
}
