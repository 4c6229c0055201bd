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

  // A series: all works of the page are chosen, or none
  const all = document.querySelector("[data-choose-all]");
  if (all) {
    const boxes = [...document.querySelectorAll("input[form=series]")];
    all.hidden = false;
    all.addEventListener("click", () => {
      const chosen = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !chosen;
    });
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
