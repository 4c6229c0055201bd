/* The appeal's form, a little kinder: a draft that stays, characters left, the chosen files and their sizes, one press
   only. Everything is checked on the server whether this runs or not. */

(() => {
  "use strict";

  // The draft lies in this browser alone, under the address of the form, until the appeal has arrived.
  const draft = {
    use(act) {
      try {
        return act(window.localStorage);
      } catch {
        return null; // the browser keeps nothing for sites
      }
    },
    read: (address) => draft.use((store) => JSON.parse(store.getItem(`draft:${address}`))),
    write: (address, words) => draft.use((store) => store.setItem(`draft:${address}`, JSON.stringify(words))),
    forget: (address) => draft.use((store) => store.removeItem(`draft:${address}`)),
  };
  const sent = document.querySelector("[data-appealed]");
  if (sent) draft.forget(sent.dataset.appealed);

  const form = document.querySelector("[data-appeal]");
  if (!form) return;

  const words = [...form.querySelectorAll("#id_text, #id_link")];
  const kept = draft.read(window.location.pathname);
  if (kept && words.every((field) => !field.value)) {
    for (const field of words) field.value = kept[field.name] ?? "";
  }
  form.addEventListener("input", () => {
    draft.write(window.location.pathname, Object.fromEntries(words.map((field) => [field.name, field.value])));
  });

  const text = form.querySelector("[data-limit]");
  const count = form.querySelector("[data-count]");
  const limit = Number(text.dataset.limit);
  const number = new Intl.NumberFormat(document.documentElement.lang);

  const tell = () => {
    const left = limit - [...text.value].length;
    const said = left < 0 ? count.dataset.over : count.dataset.left;
    count.textContent = said.replace("%n", number.format(Math.abs(left)));
    count.classList.toggle("bm-is-over", left < 0);
  };
  text.addEventListener("input", tell);
  tell();

  const files = form.querySelector("[data-max-files]");
  const chosen = form.querySelector("[data-chosen]");
  const problem = form.querySelector("[data-problem]");

  const size = (bytes) => `${number.format(Math.max(0.1, Math.round(bytes / 104857.6) / 10))} MB`;

  const check = () => {
    const list = [...files.files];
    chosen.replaceChildren(
      ...list.map((file) => {
        const row = document.createElement("li");
        row.className = "bm-files__one bm-row bm-row--apart";
        const name = document.createElement("span");
        name.className = "bm-clip";
        name.textContent = file.name;
        const bytes = document.createElement("span");
        bytes.className = "bm-small bm-soft bm-num";
        bytes.textContent = size(file.size);
        row.append(name, bytes);
        row.toggleAttribute("data-bad", file.size > Number(files.dataset.maxBytes));
        return row;
      }),
    );
    chosen.hidden = list.length === 0;
    let said = "";
    if (list.length > Number(files.dataset.maxFiles)) said = form.dataset.tooMany;
    else if (list.some((file) => file.size > Number(files.dataset.maxBytes))) said = form.dataset.tooLarge;
    else if (list.reduce((sum, file) => sum + file.size, 0) > Number(files.dataset.maxTotal)) said = form.dataset.tooMuch;
    problem.textContent = said;
    problem.hidden = said === "";
    return said === "";
  };
  if (files) files.addEventListener("change", check);

  form.addEventListener("submit", (event) => {
    if (files && !check()) {
      event.preventDefault();
      files.focus();
      return;
    }
    const button = form.querySelector("[data-busy]");
    if (button.disabled) {
      event.preventDefault();
      return;
    }
    button.textContent = button.dataset.busy;
    button.disabled = true;
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload(); // back again: whether it can still be sent is the server's to say
  });
})();
