// Small forms that write: sent as they are, and what the desk says of them is read out.
"use strict";
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
    if (said.state === "saved") location.reload();
  } catch {
    told.textContent = "Not saved: the desk cannot be reached. Try again.";
  }
  delete form.dataset.busy;
});
