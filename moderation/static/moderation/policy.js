// The policy page: a slider and its number move together, a choice sets both, a rule that is changed in a category
// becomes its own. htmx asks for the figures when the form changes. The page works without it.
"use strict";

(() => {
  const form = document.querySelector("[data-policy]");
  if (!form) return;
  for (const part of form.querySelectorAll("[data-script]")) part.hidden = false;
  for (const part of form.querySelectorAll("[data-without-script]")) part.hidden = true;

  const sliderOf = (number) => form.querySelector(`[data-slides="${number.id}"]`);

  form.addEventListener("input", (event) => {
    const changed = event.target;
    if (changed.dataset.slides) document.getElementById(changed.dataset.slides).value = changed.value;
    else if (changed.id && sliderOf(changed)) sliderOf(changed).value = changed.value;
    const rule = changed.closest("[data-rule]");
    if (!rule || changed.name === "own") return;
    const own = rule.querySelector("[name=own]");
    if (own) own.checked = true;
  });

  form.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-chooses]");
    if (!choice) return;
    event.preventDefault();
    const number = document.getElementById(choice.dataset.chooses);
    number.value = choice.dataset.value;
    number.dispatchEvent(new Event("input", { bubbles: true }));
  });

  form.addEventListener("change", (event) => {
    const own = event.target.closest("[name=own]");
    if (own) own.closest("[data-rule]").classList.toggle("bm-rule-field--own", own.checked);
  });
})();
