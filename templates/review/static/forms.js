// Small forms that write: sent as they are, and what the desk says of them is read out.
"use strict";
// One item of a group, and no item besides "nothing applies", as on the desk.
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!box.checked || !box.matches(".item input")) return;
  for (const other of box.form.querySelectorAll(".item input")) {
    const apart = box.name === "nothing" || other.name === "nothing";
    const same = box.dataset.oneOf && other.dataset.oneOf === box.dataset.oneOf;
    if (other !== box && (apart || same)) other.checked = false;
  }
});
const asText = (form) => new URLSearchParams(new FormData(form)).toString();

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.post) return;
  event.preventDefault();
  const alert = one("[role=alert]", form);
  if (alert) alert.textContent = "";
  if (form.elements.uuid && !form.elements.uuid.value) form.elements.uuid.value = crypto.randomUUID();
  underWay.what = "saving";
  say("Saving …");
  try {
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const answer = await post(event.submitter?.dataset.post ?? form.dataset.post, body);
    const said = await answer.json();
    keep(form, event.submitter?.dataset.keeps);
    if (said.state === "saved") return leave(said.there || location.href.split("#")[0], said.sentence);
    if (said.parent !== undefined && form.elements.parent) form.elements.parent.value = said.parent;
    tell(alert, said.sentence, said.compare);
    if (said.state === "outdated" && form.dataset.keeps) offerAnew(alert, form);
  } catch {
    tell(alert, "Not known to be saved: the desk did not answer. What you entered is kept; send it again.");
  }
  underWay.what = "";
});

// All members of a pile are chosen, or none where all of them are.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-choose]");
  if (!button) return;
  const boxes = all(`[name=${button.dataset.choose}]`, button.form);
  const every = boxes.every((box) => box.checked);
  for (const box of boxes) box.checked = !every;
  button.dispatchEvent(new Event("input", { bubbles: true }));
  say(every ? "None is chosen." : `Chosen: ${boxes.length}.`);
});

// Enter in a field presses the button beside it, not the first one of the whole form.
document.addEventListener("keydown", (event) => {
  const button = event.key === "Enter" && event.target.matches("details input") && one("button[data-post]", event.target.closest("details"));
  if (!button) return;
  event.preventDefault();
  button.click();
});

function tell(alert, sentence, there) {
  say(alert ? "" : sentence);
  if (!alert) return;
  alert.replaceChildren(sentence);
  if (there) alert.append(" ", Object.assign(document.createElement("a"), { href: there, target: "_blank", textContent: "Open theirs" }));
  alert.scrollIntoView({ block: "nearest" });
}

// The page shows what holds no longer: it is shown anew, and what was typed comes along.
function offerAnew(alert, form) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Load the page anew; the comment comes along" });
  button.addEventListener("click", () => { keep(form, form.dataset.keeps); leave(location.href.split("#")[0]); });
  alert.append(" ", button);
}

// What was typed for another button of the same form comes along to the page that is shown next.
function keep(form, name) {
  if (name) sessionStorage.setItem("kept", JSON.stringify({ name, text: form.elements[name].value }));
}

const kept = JSON.parse(sessionStorage.getItem("kept") ?? "null");
sessionStorage.removeItem("kept");
const field = kept && one(`form[data-post] [name=${kept.name}]`);

// A form that says so is not left unsaved without a word.
for (const form of all("form[data-warns]")) {
  const before = asText(form);
  leaving.unsaved = () => asText(form) !== before;
}
if (field) field.value = kept.text;
