// Only in the offline copy, before the theme's own script.
// A page on a disk may start no worker from a file, but one from its own text.
(() => {
  if (location.protocol !== "file:") return;
  const source = "the search worker";
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  window.Worker = class extends Worker {
    constructor() {
      super(address);
    }
  };
  // Addresses that scripts make, as those of search results, may name a folder.
  const nameFile = (event) => {
    const link = event.target.closest?.("a[href]");
    if (link?.protocol === "file:" && link.pathname.endsWith("/")) link.pathname += "index.html";
  };
  for (const kind of ["click", "auxclick"]) addEventListener(kind, nameFile, true);
})();
