// The theme loads the index of the search on every page, and it is heavier than most
// pages. Hold the request back until somebody searches: by the field, its shortcut or
// a link with words in it.
(() => {
  const { open, send } = XMLHttpRequest.prototype;
  const index = /\/search\/search_index\.json$/;
  const held = [];
  let wanted = new URLSearchParams(location.search).has("q");

  XMLHttpRequest.prototype.open = function (method, address, ...others) {
    this.isSearchIndex = index.test(String(address));
    return open.call(this, method, address, ...others);
  };
  XMLHttpRequest.prototype.send = function (...body) {
    if (!this.isSearchIndex || wanted) return send.apply(this, body);
    held.push(() => send.apply(this, body));
  };

  const release = ({ target }) => {
    if (!target.matches("[data-md-component=search-query], [data-md-toggle=search]")) return;
    wanted = true;
    while (held.length) held.shift()();
  };
  for (const kind of ["focusin", "change"]) document.addEventListener(kind, release);
})();
