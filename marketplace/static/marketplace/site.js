// The little that the site's pages do by themselves. Every page works without it.
"use strict";

(() => {
  const year = 365 * 24 * 3600;
  const secure = location.protocol === "https:" ? ";secure" : "";
  const remember = (name, value) => {
    const age = value ? year : 0;
    document.cookie = `${name}=${value};path=/;max-age=${age};samesite=lax${secure}`;
  };

  // Dates: the server writes them in the zone that this cookie names. On the very first page it cannot know the zone
  // yet, so the dates there are put right here.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) remember("tz", zone);
  if (document.documentElement.hasAttribute("data-zone-unknown")) {
    const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
    for (const time of document.querySelectorAll("time[datetime]")) {
      const moment = new Date(time.dateTime);
      if (!Number.isNaN(moment.getTime())) time.textContent = format.format(moment);
    }
  }

  // Colours of the page
  const themes = document.querySelector("[data-theme-form]");
  themes?.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = event.submitter?.value ?? "";
    if (chosen) document.documentElement.dataset.theme = chosen;
    else delete document.documentElement.dataset.theme;
    remember("theme", chosen);
    for (const button of themes.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === chosen));
    }
  });

  // A form that is sent once: the second click of a double click finds the button busy.
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      const button = form.querySelector("[data-busy]");
      if (button) {
        button.dataset.idle = button.textContent;
        button.textContent = button.dataset.busy;
        button.setAttribute("aria-disabled", "true");
      }
    });
  }
  // Coming back to the page by the browser's Back finds it as it was left: the form may be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      const button = form.querySelector("[data-busy]");
      if (button) {
        button.textContent = button.dataset.idle;
        button.removeAttribute("aria-disabled");
      }
    }
  });

  // The picture of the upload form: drop it, and see it before it is sent.
  for (const drop of document.querySelectorAll("[data-drop]")) {
    const input = drop.querySelector("input[type=file]");
    const preview = drop.querySelector("[data-preview]");
    const name = drop.querySelector("[data-drop-name]");
    const tooLarge = drop.querySelector("[data-too-large]"); // said before a large file is sent for nothing
    const current = preview.getAttribute("src"); // the picture that the listing has
    let address = "";
    const show = () => {
      let file = input.files[0];
      tooLarge.hidden = !file || file.size <= Number(input.dataset.maxBytes);
      if (!tooLarge.hidden) {
        input.value = "";
        file = undefined;
      }
      if (address) URL.revokeObjectURL(address);
      address = file ? URL.createObjectURL(file) : "";
      preview.hidden = !file && !current;
      if (current) preview.src = current;
      if (file) {
        preview.src = address;
        name.textContent = `${file.name} (${(file.size / 1048576).toFixed(1)} MB)`;
      }
    };
    preview.addEventListener("error", () => (preview.hidden = true)); // a format that the browser cannot show
    input.addEventListener("change", show);
    for (const kind of ["dragover", "dragenter"]) {
      drop.addEventListener(kind, (event) => {
        event.preventDefault();
        drop.dataset.over = "yes";
      });
    }
    for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => delete drop.dataset.over);
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) {
        const files = new DataTransfer();
        files.items.add(event.dataTransfer.files[0]);
        input.files = files.files;
        show();
      }
    });
    drop.dataset.ready = "yes";
    show();
  }

  // Offline
  const offline = document.getElementById("offline");
  const tell = () => {
    if (offline) offline.hidden = navigator.onLine;
  };
  addEventListener("online", tell);
  addEventListener("offline", tell);
  tell();
})();
