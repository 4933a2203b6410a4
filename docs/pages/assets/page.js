// Small repairs that need a browser. Every page is complete without them.

// Wide tables, formulas and code scroll inside their box. A box that can be
// scrolled must be reachable with the keyboard; one that cannot is no Tab stop.
(() => {
  const scrolling =
    ".output.table, math[display=block], .ledger-scroll, .md-typeset__scrollwrap, pre > code";
  const article = document.querySelector("article");
  if (!article) return;
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) mark(target);
  });
  function mark(box) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    if (box.matches("code, math")) return; // these speak for themselves
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Table, may scroll sideways");
  }
  const collect = () => {
    for (const box of article.querySelectorAll(scrolling)) watch.observe(box);
  };
  // The theme wraps tables when it pleases; watching a box twice does no harm.
  new MutationObserver(collect).observe(article, { childList: true, subtree: true });
  collect();
})();

// The theme wraps each copy button in a landmark of its own; a page with a
// hundred nameless landmarks has none.
(() => {
  const article = document.querySelector("article");
  if (!article) return;
  const quiet = () => {
    for (const nav of article.querySelectorAll("nav.md-code__nav:not([role])")) {
      nav.setAttribute("role", "none");
    }
  };
  new MutationObserver(quiet).observe(article, { childList: true, subtree: true });
  quiet();
})();
