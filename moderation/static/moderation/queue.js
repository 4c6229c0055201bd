// The queue: walking through it and choosing several cases by keys.
"use strict";

(() => {
  const form = document.querySelector("[data-select]");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=case]")];
  const rows = [...form.querySelectorAll("[data-case]")];
  const all = form.querySelector("[data-all]");
  const said = form.querySelector("[data-chosen]");
  let last = null;

  const tell = () => {
    const number = boxes.filter((box) => box.checked).length;
    form.querySelector("[data-bulk]")?.classList.toggle("is-on", number > 0);
    if (said) {
      const { none, one, many } = said.dataset;
      said.textContent = number === 0 ? none : number === 1 ? one : many.replace("#", number);
    }
    if (all) {
      all.checked = number > 0 && number === boxes.filter((box) => !box.disabled).length;
      all.indeterminate = number > 0 && !all.checked;
    }
  };

  const choose = (box, range) => {
    if (range && last && last !== box) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const one of boxes.slice(from, to + 1)) if (!one.disabled) one.checked = box.checked;
    }
    last = box;
    tell();
  };

  for (const box of boxes) box.addEventListener("click", (event) => choose(box, event.shiftKey));
  all?.addEventListener("change", () => {
    for (const box of boxes) if (!box.disabled) box.checked = all.checked;
    tell();
  });
  addEventListener("pageshow", tell);
  tell();

  const here = () => rows.findIndex((row) => row.contains(document.activeElement));
  const go = (place) => {
    const row = rows[Math.min(Math.max(place, 0), rows.length - 1)];
    row?.querySelector("a")?.focus();
    row?.scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("desk:key", (event) => {
    const { key, event: pressed } = event.detail;
    if (key === "j" || key === "ArrowDown") go(here() + 1);
    else if (key === "k" || key === "ArrowUp") go(here() - 1);
    else if (key === "x") {
      const box = rows[here()]?.querySelector("input[name=case]");
      if (!box || box.disabled) return;
      box.checked = !box.checked;
      choose(box, pressed.shiftKey);
    } else return;
    event.preventDefault();
  });
})();
