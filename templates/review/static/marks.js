// Comments placed on a page of the report: by keyboard (m) or by pointer. Uses what `shared.js` and `desk.js` name.
"use strict";

const STEP = 0.02; // of the page
const placing = { at: -1, from: null };
const markFields = () => all("[name=mark]", form());
const markValues = () => markFields().map((field) => field.value);
const held01 = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1000) / 1000;

function element(kind, facts, ...inside) {
  const made = Object.assign(document.createElement(kind), facts);
  made.append(...inside);
  return made;
}

function markRow(value, index) {
  const mark = JSON.parse(value);
  const field = element("input", { type: "hidden", name: "mark", value });
  const text = element("input", { type: "text", className: "mark-text", maxLength: 2000, value: mark.text });
  text.addEventListener("input", () => { changeMark(markFields().indexOf(field), { text: text.value }); });
  const label = element("label", {}, `${index + 1}, page ${mark.page}: comment `, text);
  const move = element("button", { type: "button", textContent: "Move" });
  move.setAttribute("aria-label", `Move comment ${index + 1}`);
  move.addEventListener("click", () => { showPage(mark.page); beginPlacing(markFields().indexOf(field)); });
  const remove = element("button", { type: "button", textContent: "Remove" });
  remove.setAttribute("aria-label", `Remove comment ${index + 1}`);
  remove.addEventListener("click", () => removeMark(markFields().indexOf(field)));
  return element("div", { className: "mark-row" }, field, label, move, remove);
}

function setMarks(values) {
  one("#marks").replaceChildren(...values.map(markRow));
  drawMarks();
}

function changeMark(index, change) {
  const field = markFields()[index];
  field.value = JSON.stringify({ ...JSON.parse(field.value), ...change });
  drawMarks();
  keepDraft();
}

function removeMark(index) {
  endPlacing();
  setMarks(markValues().filter((_, at) => at !== index));
  keepDraft();
  say("The placed comment is taken away.");
}

function drawMarks() {
  for (const box of all(".mark-box")) box.remove();
  markValues().map((value) => JSON.parse(value)).forEach((mark, index) => {
    const [left, top, right, bottom] = mark.box.map((edge) => 100 * edge);
    const box = element("div", { className: `mark-box${index === placing.at ? " placing" : ""}` }, element("span", { textContent: index + 1 }));
    box.setAttribute("aria-hidden", "true");
    Object.assign(box.style, { left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%` });
    one(`.report-page[data-page="${mark.page}"] .page-sheet`)?.append(box);
  });
}

function beginPlacing(index) {
  placing.at = index;
  panel().classList.add("placing-mark");
  drawMarks();
  const { page } = JSON.parse(markFields()[index].value);
  say(`Comment ${index + 1} on page ${page}: arrows move it, Shift and arrows size it, Enter writes it, Esc takes it away.`);
}

function endPlacing() {
  placing.at = -1;
  placing.from = null;
  panel().classList.remove("placing-mark");
  drawMarks();
}

function startMark() {
  showTab(one("#tab-report"), false);
  const page = all(".report-page").find((sheet) => !sheet.hidden && one("img", sheet));
  if (!page) return say("No page of a report is shown.");
  const middle = Math.min(Math.max((innerHeight / 2 - page.getBoundingClientRect().top) / page.clientHeight, 0.1), 0.9);
  const mark = { page: Number(page.dataset.page), box: [0.1, held01(middle - 0.05), 0.9, held01(middle + 0.05)], text: "" };
  setMarks([...markValues(), JSON.stringify(mark)]);
  beginPlacing(markFields().length - 1);
  keepDraft();
}

function writeMark() {
  const index = placing.at;
  endPlacing();
  say("");
  all(".mark-text")[index].focus();
}

function moved([left, top, right, bottom], across, down, sizes) {
  if (sizes) return [left, top, held01(Math.max(right + across, left + STEP)), held01(Math.max(bottom + down, top + STEP))];
  const by = { across: Math.min(Math.max(across, -left), 1 - right), down: Math.min(Math.max(down, -top), 1 - bottom) };
  return [held01(left + by.across), held01(top + by.down), held01(right + by.across), held01(bottom + by.down)];
}

function markKey(event) { // true where the key was for the comment that is being placed
  if (placing.at < 0 || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return false;
  const ways = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  if (event.key in ways) {
    const { box } = JSON.parse(markFields()[placing.at].value);
    changeMark(placing.at, { box: moved(box, ...ways[event.key], event.shiftKey) });
  } else if (event.key === "Enter") writeMark();
  else if (event.key === "Escape") removeMark(placing.at);
  else return false;
  event.preventDefault();
  return true;
}

// By pointer: a click puts it there, a drag draws it; no drag is needed.
function pointAt(event) {
  const sheet = event.target.closest?.(".page-sheet");
  if (!sheet) return null;
  const edge = sheet.getBoundingClientRect();
  return { page: Number(sheet.closest(".report-page").dataset.page), x: held01((event.clientX - edge.left) / edge.width), y: held01((event.clientY - edge.top) / edge.height) };
}

document.addEventListener("pointerdown", (event) => {
  const point = placing.at < 0 || underWay.what ? null : pointAt(event);
  if (!point) return;
  event.preventDefault();
  placing.from = point;
});
document.addEventListener("pointerup", (event) => {
  const { from } = placing;
  if (!from || placing.at < 0 || underWay.what) return;
  const to = pointAt(event);
  placing.from = null;
  const near = !to || to.page !== from.page || Math.abs(to.x - from.x) + Math.abs(to.y - from.y) < 0.02;
  const box = near
    ? [held01(from.x - 0.2), held01(from.y - 0.03), held01(from.x + 0.2), held01(from.y + 0.03)]
    : [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.max(from.x, to.x) + 0.01, Math.max(from.y, to.y) + 0.01].map(held01);
  changeMark(placing.at, { page: from.page, box });
  setMarks(markValues());
  writeMark();
});

function bindMarks() {
  Object.assign(placing, { at: -1, from: null });
  setMarks(JSON.parse(one("#marks").dataset.marks));
  one("#place-mark")?.addEventListener("click", startMark);
}
