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
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.post) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const told = document.getElementById("said");
  if (form.elements.uuid && !form.elements.uuid.value) form.elements.uuid.value = crypto.randomUUID();
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.post, { method: "POST", body });
    const said = await answer.json();
    told.textContent = said.sentence;
    if (said.state === "saved" && said.there) location.assign(said.there);
    else if (said.state === "saved") location.reload();
  } catch {
    told.textContent = "Not saved: the desk cannot be reached. Try again.";
  }
  delete form.dataset.busy;
});
