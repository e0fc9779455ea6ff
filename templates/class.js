// Sorts and filters the table of students. Without it the page is a plain table.
"use strict";
{
  const table = document.querySelector("table.students");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const find = document.getElementById("find");
  const fields = { words: find.querySelector("[name=words]"), course: find.querySelector("[name=course]"), state: find.querySelector("[name=state]") };
  const shown = document.getElementById("shown");
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  const valueIn = (row, place) => {
    const cell = row.cells[place];
    if (!cell || cell.colSpan > 1) return null; // no grade, so no points
    const said = cell.dataset.sort ?? cell.textContent.trim();
    if (said === "") return null;
    const number = Number(said);
    return Number.isNaN(number) ? plain(said) : number;
  };

  const compare = (one, other) => {
    if (one === null || other === null) return (one === null) - (other === null); // those without come last
    if (typeof one === typeof other) return typeof one === "number" ? one - other : one.localeCompare(other);
    return typeof one === "number" ? -1 : 1;
  };

  const sort = (place) => {
    const down = heads[place].getAttribute("aria-sort") === "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[place].setAttribute("aria-sort", down ? "descending" : "ascending");
    const found = rows.map((row, at) => ({ row, at, value: valueIn(row, place) }));
    found.sort((a, b) => {
      const order = compare(a.value, b.value);
      const turned = down && a.value !== null && b.value !== null ? -order : order;
      return turned || a.at - b.at;
    });
    body.append(...found.map((one) => one.row));
    shown.textContent = `Sorted by ${heads[place].textContent.trim()}, ${down ? "greatest" : "least"} first.`;
  };

  const filter = () => {
    const words = plain(fields.words.value).split(/\s+/).filter(Boolean);
    let many = 0;
    for (const row of rows) {
      const text = plain(row.textContent);
      row.hidden = !words.every((word) => text.includes(word))
        || Boolean(fields.course.value && row.dataset.course !== fields.course.value)
        || Boolean(fields.state.value && !row.dataset.state.split("|").includes(fields.state.value));
      many += !row.hidden;
    }
    shown.textContent = `${many} of ${rows.length} students.`;
  };

  heads.forEach((head, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(place));
    head.append(button);
  });
  const options = (key) => [...new Set(rows.flatMap((row) => row.dataset[key].split("|")))].filter(Boolean).sort();
  for (const key of ["course", "state"]) fields[key].append(...options(key).map((word) => new Option(word)));
  find.addEventListener("input", filter);
  find.hidden = false;
}
