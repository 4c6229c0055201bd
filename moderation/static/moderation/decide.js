// The decision form: the text to the artist follows the chosen reason and what was seen, until somebody writes in it.
"use strict";

(() => {
  for (const form of document.querySelectorAll("[data-decide]")) {
    const text = form.querySelector("#explanation");
    const meaning = form.querySelector("[data-meaning-of-text]"); // where the artist reads another language
    let offered = "";

    const filled = (pattern, places) => pattern.replace(/\{(\w+)\}/g, (_, name) => places[name]);
    const listed = (things, { listed, listedLast }) => {
      const last = things.at(-1);
      if (things.length === 1) return last;
      const first = things.slice(0, -1).reduce((first, next) => filled(listed, { first, next }));
      return filled(listedLast, { first, last });
    };

    const compose = () => {
      const choice = form.querySelector("input[name=choice]:checked");
      if (!text || !choice) return;
      if (meaning) meaning.textContent = choice.dataset.meaning;
      if (text.value.trim() && text.value !== offered) return; // the moderator's own words stay
      const seen = [...form.querySelectorAll("input[name=seen]:checked")].map((box) => box.dataset.says);
      offered = choice.dataset.text;
      if (seen.length && choice.hasAttribute("data-needs-seen")) {
        offered = offered.replace(/⟦[^⟧]*⟧/, () => listed(seen, text.dataset));
      }
      text.value = offered;
    };

    form.addEventListener("change", (event) => {
      if (event.target !== text) compose();
    });
    if (text && !text.value) compose();

    // Sent once: a second Enter while the next page is on its way decides nothing twice.
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
    });
    addEventListener("pageshow", () => delete form.dataset.sent);

    // A first place that is still to be filled is marked, ready to be written over.
    text?.addEventListener("focus", () => {
      const begin = text.value.indexOf("⟦");
      const end = text.value.indexOf("⟧", begin);
      if (begin >= 0 && end > begin) setTimeout(() => text.setSelectionRange(begin, end + 1));
    });

    document.addEventListener("desk:key", (event) => {
      const { key } = event.detail;
      if (/^[1-9]$/.test(key)) {
        const box = form.querySelector(`input[data-digit="${key}"]`);
        if (box && box.offsetParent !== null) {
          box.click();
          event.preventDefault();
        }
      }
      const inForm = form.contains(document.activeElement);
      const onControl = document.activeElement?.matches("a, button, summary");
      if (key === "Enter" && text && !onControl && (inForm || document.activeElement === document.body)) {
        if (form.querySelector("input[name=choice]:checked")) {
          event.preventDefault();
          form.requestSubmit();
        }
      }
    });
  }
})();
