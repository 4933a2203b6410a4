// A second copy button: a block together with the earlier lines that it needs.
// What it copies lies in the page; the theme's clipboard does the copying.
(() => {
  const data = document.getElementById("copies");
  const article = document.querySelector("article");
  if (!data || !article) return;
  const { pieces, copies } = JSON.parse(data.textContent);

  const status = document.createElement("div");
  status.setAttribute("role", "status");
  status.className = "copied";
  article.append(status);

  const program = (anchor) => copies[anchor].map((n) => pieces[n]).join("\n");
  const lines = (text) => text.split("\n").length;

  function add(nav) {
    const anchor = nav.closest("[id].highlight")?.id;
    if (!anchor || !Object.hasOwn(copies, anchor)) return;
    if (nav.querySelector(".runnable")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "md-code__button runnable";
    button.title = `Copy with what it needs: ${lines(program(anchor))} lines that run alone`;
    button.setAttribute("aria-label", button.title);
    button.dataset.clipboardText = ""; // The theme listens to this; see below.
    button.dataset.anchor = anchor;
    nav.append(button);
  }

  // The program is put together when it is wanted, before the theme reads it.
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.("button.runnable");
      if (!button) return;
      const text = program(button.dataset.anchor);
      button.dataset.clipboardText = text;
      status.textContent = "";
      // A change is announced only if the region was empty for a moment.
      setTimeout(() => {
        status.textContent = `Copied ${lines(text)} lines that run alone`;
      }, 50);
    },
    { capture: true },
  );

  const every = () => article.querySelectorAll("nav.md-code__nav").forEach(add);
  new MutationObserver(every).observe(article, { childList: true, subtree: true });
  every();
})();
