// Finds the entry of the error index that fits a pasted message, in the browser alone.
// Without this script the list below is complete; the box stays hidden.
(() => {
  const data = document.getElementById("known-errors");
  const box = document.querySelector(".error-search");
  if (!data || !box) return;
  const entries = JSON.parse(data.textContent).map((entry) => ({
    ...entry,
    patterns: entry.patterns.map((pattern) => new RegExp(pattern, "g")),
  }));
  const input = box.querySelector("textarea");
  const found = box.querySelector("#error-found");

  // As dlguide.errors.explain: the match that ends last wins.
  function explain(text) {
    let best = null;
    for (const entry of entries) {
      for (const pattern of entry.patterns) {
        for (const match of text.matchAll(pattern)) {
          const end = match.index + match[0].length;
          if (!best || end > best.end) best = { end, entry, groups: match.groups };
        }
      }
    }
    return best;
  }

  const wordsOf = (text) => new Set(text.toLowerCase().match(/[a-z_]{3,}/g) ?? []);
  function nearest(text) {
    const wanted = wordsOf(text);
    const score = (entry) => {
      const words = wordsOf(`${entry.title} ${entry.means} ${entry.cause}`);
      const shared = [...wanted].filter((word) => words.has(word)).length;
      return shared / Math.sqrt(words.size);
    };
    return entries
      .map((entry) => [score(entry), entry])
      .filter(([points]) => points > 0)
      .sort(([a], [b]) => b - a)
      .slice(0, 5)
      .map(([, entry]) => entry);
  }

  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const link = ({ address, title }) => make("a", { href: address }, title);
  // The sentences are Markdown with code in backticks, and nothing else.
  const spoken = (sentence) =>
    sentence.split("`").map((part, n) => (n % 2 ? make("code", {}, part) : part));

  function show() {
    const text = input.value.split(/\s+/).join(" ").trim();
    if (!text) return found.replaceChildren();
    const best = explain(text);
    if (best) {
      const { means, briefly } = best.entry;
      const names = [...means.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      // An old wording may not have all the numbers.
      const told = names.every((name) => best.groups?.[name]);
      const sentence = told ? means.replace(/\{(\w+)\}/g, (_, name) => best.groups[name]) : briefly;
      found.replaceChildren(
        make("p", { className: "error-title" }, link(best.entry)),
        make("p", {}, ...spoken(sentence)),
        make("p", {}, make("strong", {}, "Cure. "), ...spoken(best.entry.do)),
      );
      return;
    }
    const near = nearest(text);
    const words = near.length
      ? "No entry fits this message. Entries that share words with it:"
      : "No entry fits this message.";
    const list = make("ul", {}, ...near.map((entry) => make("li", {}, link(entry))));
    found.replaceChildren(make("p", {}, words), ...(near.length ? [list] : []));
  }
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 150);
  });
  box.hidden = false;
})();
