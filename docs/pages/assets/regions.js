// Wide tables and formulas scroll inside their box. A box that can be scrolled
// must be reachable with the keyboard, one that cannot should not be a Tab stop.
(() => {
  const boxes = document.querySelectorAll(
    ".md-typeset .output.table, .md-typeset div.arithmatex, .md-typeset .ledger-scroll, .md-typeset__scrollwrap, .md-typeset pre"
  );
  const names = { PRE: "Code", DIV: "Table or formula" };
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) mark(target);
  });
  function mark(box) {
    if (box.scrollWidth > box.clientWidth + 1) {
      box.tabIndex = 0;
      box.setAttribute("role", "region");
      box.setAttribute("aria-label", `${names[box.tagName] ?? "Region"}, scrolls sideways`);
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }
  for (const box of boxes) watch.observe(box);
})();
