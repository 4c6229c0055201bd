// What is to be put right in a form, each sentence beside its field, as the server's own page shows it.
"use strict";

(() => {
  const named = (form, name) => [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)];

  // The ids of a form share a beginning ("id_", "card3_"): Django's auto_id.
  const errorId = (form, name) => `${form.elements.title.id.replace(/title$/, "")}${name}_error`;

  function clearError(form, name) {
    const place = document.getElementById(errorId(form, name));
    if (!place) return;
    place.remove();
    for (const field of named(form, name)) {
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
  }

  // Shows `problems` ({field: [sentence]}); what belongs to no field stands in the form's [data-problems].
  function complain(form, problems) {
    for (const [name, sentences] of Object.entries(problems)) {
      clearError(form, name);
      const fields = named(form, name);
      const place = document.createElement("div");
      place.id = errorId(form, name);
      for (const sentence of sentences) {
        const line = document.createElement("p");
        line.className = "bm-field__error";
        line.textContent = sentence;
        place.append(line);
      }
      if (fields.length) {
        fields[0].closest(".bm-field").append(place);
        fields[0].closest("details")?.setAttribute("open", "");
      } else form.querySelector("[data-problems]")?.append(place);
      for (const field of fields) {
        field.setAttribute("aria-invalid", "true");
        field.setAttribute("aria-describedby", place.id);
      }
    }
  }

  // What the browser knows to be missing or mistyped, in the server's words where the page has them.
  function missing(form) {
    const problems = {};
    for (const field of form.elements) {
      if (!field.name || field.disabled || field.checkValidity()) continue;
      const { valueMissing, badInput } = field.validity;
      const own = valueMissing ? field.dataset.missing : badInput ? field.dataset.mistyped : undefined;
      problems[field.name] = [own ?? field.validationMessage];
    }
    return problems;
  }

  globalThis.brushmarkProblems = { clearError, complain, missing };
})();
