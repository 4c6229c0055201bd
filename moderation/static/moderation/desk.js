// The moderators' pages: keys, undo, focus. Every page works without it.
"use strict";

(() => {
  const desk = document.querySelector("[data-desk]");
  if (!desk) return;
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;

  // --- Keys ---------------------------------------------------------------------------------------------------------
  // An element with data-key="x" is what the key x acts on: a field takes the focus, anything else is clicked. Keys
  // rest while a field has the focus or a dialog is open, and where the moderator switched them off.

  const writes = (element) =>
    element.isContentEditable ||
    element.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit])");

  const act = (element) => {
    if (element.matches("textarea, input:not([type=checkbox], [type=radio])")) {
      element.focus();
      return;
    }
    if (element.matches("summary")) {
      const details = element.parentElement;
      details.open = !details.open;
      const first = details.querySelector("form input:not([type=hidden]), form select, form button");
      (details.open && first ? first : element).focus();
      return;
    }
    element.click();
    if (element.matches("label") && element.control) element.control.focus();
  };

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target.matches("textarea")) {
      event.preventDefault();
      target.form?.requestSubmit();
      return;
    }
    if (!desk.hasAttribute("data-shortcuts") || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && writes(target)) {
      target.blur();
      return;
    }
    if (writes(target) || document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const handled = document.dispatchEvent(new CustomEvent("desk:key", { detail: { key, event }, cancelable: true }));
    if (!handled) {
      event.preventDefault();
      return;
    }
    const element = [...document.querySelectorAll("[data-key]")].find(
      (one) => one.dataset.key === key && !one.disabled && !one.hidden,
    );
    if (!element) return;
    event.preventDefault();
    act(element);
  });

  for (const button of document.querySelectorAll("[data-opens]")) {
    const dialog = document.getElementById(button.dataset.opens);
    if (!dialog) {
      button.hidden = true;
      continue;
    }
    button.addEventListener("click", () => dialog.showModal());
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "?") dialog.close();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  // --- Undo ---------------------------------------------------------------------------------------------------------

  const toast = document.querySelector("[data-toast]");
  if (toast) {
    const left = toast.querySelector("[data-left]");
    const until = new Date(toast.dataset.until).getTime();
    const name = "brushmark-hidden-toast";
    const remove = () => toast.closest(".bm-toasts").remove();
    const tick = () => {
      const seconds = Math.floor((until - Date.now()) / 1000);
      if (seconds <= 0) {
        remove();
        return;
      }
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      setTimeout(tick, 1000);
    };
    let hidden = "";
    try {
      hidden = sessionStorage.getItem(name) ?? "";
    } catch {
      // a browser that keeps nothing shows the toast again: no harm
    }
    if (hidden === toast.dataset.toast) remove();
    else tick();
    toast.querySelector("[data-dismiss]")?.addEventListener("click", () => {
      try {
        sessionStorage.setItem(name, toast.dataset.toast);
      } catch {
        // as above
      }
      remove();
    });
  }

  // --- What htmx swaps ----------------------------------------------------------------------------------------------

  // A heartbeat that says what the page says already changes nothing: no flicker, nothing read aloud twice.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { target, xhr } = event.detail;
    if (!target?.hasAttribute("data-quiet") || xhr.status !== 200) return;
    const fresh = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-state]");
    const shown = target.querySelector("[data-state]");
    if (fresh && shown && fresh.dataset.state === shown.dataset.state) event.detail.shouldSwap = false;
  });

  // A page that nobody looks at asks for nothing and keeps nothing: its lease runs out by itself.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.matches("[data-quiet], [data-live]")) event.preventDefault();
  });

  // The focus stays where it was: on the same element by its id, else on the part that was exchanged.
  let focused = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    const active = document.activeElement;
    focused = active && event.detail.target?.contains(active) ? { id: active.id, part: event.detail.target } : null;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!focused || (document.activeElement && document.activeElement !== document.body)) return;
    const again = focused.id ? document.getElementById(focused.id) : null;
    const place = again ?? focused.part;
    if (!again) place.setAttribute("tabindex", "-1");
    place.focus({ preventScroll: true });
    focused = null;
  });

  // No net: the last heartbeat did not arrive. What was entered stays; the next one that arrives takes the word back.
  const offline = document.getElementById("offline");
  const tell = (lost) => {
    if (offline) offline.hidden = !lost;
  };
  document.addEventListener("htmx:sendError", () => tell(true));
  document.addEventListener("htmx:timeout", () => tell(true));
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) tell(false);
  });
})();
