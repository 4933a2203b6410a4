// Filters and sorts the table of the evidence page.
// Without this script the table is complete and readable, only not interactive.
(() => {
  const table = document.getElementById("ledger");
  if (!table || !table.tHead || !table.tBodies.length) return;
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const rows = [...body.rows];
  const column = (name) => headers.findIndex((cell) => cell.textContent.trim().toLowerCase() === name);
  const textOf = (row, index) => row.cells[index]?.textContent.trim() ?? "";
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));

  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Filters: free words, and a choice for each column with few values.
  const tools = make("form", { className: "ledger-tools" });
  tools.setAttribute("role", "search");
  tools.setAttribute("aria-label", "Filter the ledger");
  const input = make("input", { type: "search", id: "ledger-words", autocomplete: "off" });
  tools.append(make("label", { htmlFor: input.id }, "Words ", input));
  const choices = [];
  for (const name of ["page", "environment", "outcome"]) {
    const index = column(name);
    if (index < 0) continue;
    const select = make("select", { id: `ledger-${name}` });
    select.append(make("option", { value: "" }, "all"));
    for (const value of [...new Set(rows.map((row) => textOf(row, index)))].sort()) {
      select.append(make("option", { value }, value || "(none)"));
    }
    choices.push([index, select]);
    tools.append(make("label", { htmlFor: select.id }, `${headers[index].textContent.trim()} `, select));
  }
  const reset = make("button", { type: "reset" }, "Show all");
  const count = make("output", { className: "ledger-count" });
  count.setAttribute("aria-live", "polite");
  tools.append(reset, count);

  function filter() {
    const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const fits =
        wanted.every((word) => words.get(row).includes(word)) &&
        choices.every(([index, select]) => !select.value || textOf(row, index) === select.value);
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
  }
  tools.addEventListener("input", filter);
  tools.addEventListener("reset", () => setTimeout(filter));
  tools.addEventListener("submit", (event) => event.preventDefault());

  // Sorting: a button in each header; a third press restores the reading order.
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  function sort(index, direction) {
    const numbers = rows.every((row) => textOf(row, index) === "" || !Number.isNaN(Number(textOf(row, index))));
    const ordered = [...rows];
    if (direction) {
      const sign = direction === "ascending" ? 1 : -1;
      ordered.sort((left, right) => {
        const a = textOf(left, index);
        const b = textOf(right, index);
        if (!a || !b) return Number(!a) - Number(!b); // empty cells last, either way
        return sign * (numbers ? Number(a) - Number(b) : compare(a, b));
      });
    }
    body.append(...ordered);
    headers.forEach((cell, position) => {
      cell.setAttribute("aria-sort", direction && position === index ? direction : "none");
    });
  }
  const next = { none: "ascending", ascending: "descending", descending: "" };
  headers.forEach((cell, index) => {
    const button = make("button", { type: "button", className: "ledger-sort" }, ...cell.childNodes);
    cell.append(button);
    cell.scope = "col";
    cell.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => sort(index, next[cell.getAttribute("aria-sort")]));
  });

  const scroll = make("div", { className: "ledger-scroll" });
  table.before(tools, scroll);
  scroll.append(table);
  filter();
})();
