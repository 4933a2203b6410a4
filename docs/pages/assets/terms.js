// Places the sentence of a glossary term below its word, closes it with Escape, and
// lets a first tap open it; a second tap, like a click, follows the link.
(() => {
  const article = document.querySelector("article");
  if (!article) return;
  const termOf = (target) => {
    const tip = target.closest?.(".term-tip");
    return tip ? tip.previousElementSibling : (target.closest?.("a.term") ?? null);
  };
  const isShown = (term) => getComputedStyle(term.nextElementSibling).display !== "none";

  function place(term) {
    const tip = term.nextElementSibling;
    const holder = term.closest(".has-terms");
    tip.style.setProperty("--term-left", "0px");
    if (!holder || !isShown(term)) return;
    // A term may be broken over two lines; the box hangs below the last.
    const word = [...term.getClientRects()].at(-1);
    const space = holder.clientWidth - tip.offsetWidth;
    const left = word.left - holder.getBoundingClientRect().left - holder.clientLeft;
    tip.style.setProperty("--term-left", `${Math.max(0, Math.min(left, space))}px`);
  }
  function closeAll(except) {
    for (const term of article.querySelectorAll("a.term.open")) {
      if (term !== except) term.classList.remove("open");
    }
  }

  let lastPointer = "mouse";
  addEventListener("pointerdown", ({ pointerType, target }) => {
    lastPointer = pointerType;
    closeAll(termOf(target));
  });
  for (const kind of ["pointerover", "focusin"]) {
    article.addEventListener(kind, ({ target }) => {
      const term = termOf(target);
      if (term) place(term);
    });
  }
  // What Escape has closed opens again when the reader comes back.
  for (const kind of ["pointerout", "focusout"]) {
    article.addEventListener(kind, ({ target, relatedTarget }) => {
      const term = termOf(target);
      if (!term || (relatedTarget && termOf(relatedTarget) === term)) return;
      term.classList.remove("closed");
      if (kind === "focusout") term.classList.remove("open");
    });
  }
  article.addEventListener("click", (event) => {
    const term = event.target.closest?.("a.term");
    // A click from the keyboard has no detail.
    if (!term || event.detail === 0 || lastPointer !== "touch") return;
    if (term.classList.contains("open")) return;
    event.preventDefault();
    term.classList.remove("closed");
    term.classList.add("open");
    place(term);
  });
  addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    closeAll();
    for (const term of article.querySelectorAll("a.term:is(:hover, :focus), a.term:has(+ .term-tip:hover)")) {
      term.classList.add("closed");
    }
  });
})();
