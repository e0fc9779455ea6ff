// Takes the token from behind the # of the link, where no server sees it, and exchanges it. A new link
// that is pasted into this page changes nothing but what stands behind the #.
"use strict";
async function enter() {
  const token = location.hash.slice(1);
  const told = document.getElementById("entering");
  if (!token) return;
  history.replaceState(null, "", "/enter");
  told.textContent = "Opening …";
  try {
    const answer = await fetch("/enter", { method: "POST", body: new URLSearchParams({ token }) });
    const said = await answer.json();
    if (said.state === "entered") location.replace("/");
    else told.textContent = said.sentence;
  } catch {
    told.textContent = "The desk cannot be reached. Is `make review` still running?";
  }
}
addEventListener("hashchange", enter);
enter();
