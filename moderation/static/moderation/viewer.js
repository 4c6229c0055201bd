// The picture on a case's page: zoom, pan, blur, grey, and where the detector looked.
"use strict";

(() => {
  for (const viewer of document.querySelectorAll("[data-viewer]")) {
    const stage = viewer.querySelector("[data-stage]");
    const picture = viewer.querySelector("[data-picture]");
    const missing = viewer.querySelector("[data-missing]");
    const output = viewer.querySelector("[data-scale]");
    let scale = 1;
    let x = 0;
    let y = 0;

    const fitted = () => (picture.naturalWidth ? picture.clientWidth / picture.naturalWidth : 1);
    const full = () => Math.max(1 / fitted(), 1);
    const most = () => Math.max(full() * 4, 4);

    const draw = () => {
      const room = {
        x: Math.max((picture.clientWidth * scale - stage.clientWidth) / 2, 0),
        y: Math.max((picture.clientHeight * scale - stage.clientHeight) / 2, 0),
      };
      x = Math.min(Math.max(x, -room.x), room.x);
      y = Math.min(Math.max(y, -room.y), room.y);
      // The style object is not an inline style attribute: a strict policy allows it.
      viewer.querySelectorAll("[data-stage] img").forEach((image) => {
        image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
      });
      const overlay = viewer.querySelector("[data-overlay]");
      if (overlay) {
        overlay.style.width = `${picture.clientWidth}px`;
        overlay.style.height = `${picture.clientHeight}px`;
      }
      viewer.classList.toggle("is-zoomed", scale > 1.001);
      if (output) output.textContent = `${Math.round(scale * fitted() * 100)} %`;
    };

    const zoom = (to, at) => {
      const next = Math.min(Math.max(to, 1), most());
      if (at) {
        // what lies under the pointer stays under the pointer
        const box = stage.getBoundingClientRect();
        const dx = at.clientX - box.left - box.width / 2;
        const dy = at.clientY - box.top - box.height / 2;
        x = dx - ((dx - x) * next) / scale;
        y = dy - ((dy - y) * next) / scale;
      } else {
        x = (x * next) / scale;
        y = (y * next) / scale;
      }
      scale = next;
      draw();
    };

    const steps = {
      in: () => zoom(scale * 1.4),
      out: () => zoom(scale / 1.4),
      fit: () => zoom(1),
      full: () => zoom(scale > full() * 0.99 && scale < full() * 1.01 ? 1 : full()),
    };
    for (const button of viewer.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => steps[button.dataset.zoom]());
    }
    for (const button of viewer.querySelectorAll("[data-toggle]")) {
      button.addEventListener("click", () => {
        const on = viewer.classList.toggle(button.dataset.toggle);
        button.setAttribute("aria-pressed", String(on));
        const overlay = viewer.querySelector("[data-overlay]");
        if (button.dataset.toggle === "is-marked" && overlay && !overlay.src) overlay.src = overlay.dataset.source;
      });
    }

    stage.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && scale === 1 && event.deltaY > 0) return; // the page scrolls on
        event.preventDefault();
        zoom(scale * Math.exp(-event.deltaY / 400), event);
      },
      { passive: false },
    );
    stage.addEventListener("dblclick", (event) => zoom(scale > 1.001 ? 1 : full(), event));

    const fingers = new Map();
    let spread = 0;
    stage.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, event);
      stage.setPointerCapture(event.pointerId);
      spread = 0;
    });
    stage.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      if (fingers.size === 1 && scale > 1) {
        x += event.clientX - before.clientX;
        y += event.clientY - before.clientY;
        draw();
      }
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) {
        const [one, two] = [...fingers.values()];
        const wide = Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
        const middle = { clientX: (one.clientX + two.clientX) / 2, clientY: (one.clientY + two.clientY) / 2 };
        if (spread) zoom((scale * wide) / spread, middle);
        spread = wide;
      }
    });
    for (const end of ["pointerup", "pointercancel"]) {
      stage.addEventListener(end, (event) => {
        fingers.delete(event.pointerId);
        spread = 0;
      });
    }

    stage.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
      const move = moves[event.key];
      if (!move || scale === 1) return;
      event.preventDefault();
      x += move[0];
      y += move[1];
      draw();
    });

    const broken = () => {
      picture.hidden = true;
      missing.hidden = false;
    };
    picture.addEventListener("error", broken);
    if (picture.complete && picture.naturalWidth === 0) broken();
    picture.addEventListener("load", draw);
    addEventListener("resize", draw);
    if (picture.complete) draw();
  }
})();
