// Shows one frame of a figure at a time, and what the run recorded for it.
// Without this script all frames and the whole table are on the page.
for (const control of document.querySelectorAll(".control")) {
  const frames = control.querySelector(".control-frames");
  const panel = control.querySelector(".control-panel");
  const table = control.querySelector(".output.table");
  const rows = table.querySelectorAll("tbody tr");
  const sliders = [...panel.querySelectorAll("input")];
  const said = panel.querySelector("output");
  const button = panel.querySelector("button");
  const across = Number(frames.style.getPropertyValue("--across"));

  function show() {
    let index = 0;
    for (const slider of sliders) {
      const value = slider.dataset.values.split("|")[slider.value];
      slider.setAttribute("aria-valuetext", `${slider.labels[0].textContent} ${value}`);
      slider.nextElementSibling.textContent = value;
      index = index * (Number(slider.max) + 1) + Number(slider.value);
    }
    frames.style.setProperty("--column", index % across);
    frames.style.setProperty("--row", Math.floor(index / across));
    said.textContent = rows[index].dataset.says;
    rows.forEach((row, place) => row.classList.toggle("shown", place === index));
  }

  for (const slider of sliders) slider.addEventListener("input", show);
  button.addEventListener("click", () => {
    const open = table.classList.toggle("open");
    button.setAttribute("aria-expanded", open);
  });
  control.classList.add("live");
  panel.hidden = false;
  show();
}
