// The picture of a form for one work: looked at and shown before it is sent. Several at once go to the cards of
// batch.js. Without scripts the page is a form for one picture.
"use strict";

(() => {
  const { check, facts, hasFiles, acceptDrops } = globalThis.brushmarkPicture;
  const { clearError, complain, missing } = globalThis.brushmarkProblems;

  function onePicture(drop, takeSeveral) {
    const input = drop.querySelector("input[type=file]");
    const preview = drop.querySelector("[data-preview]");
    const name = drop.querySelector("[data-drop-name]");
    const complaint = drop.querySelector("[data-problem]"); // said before a file is sent for nothing
    const current = preview.getAttribute("src"); // the picture that the listing has
    let address = "";

    async function show() {
      let file = input.files[0];
      const found = file ? await check(file, drop.dataset) : null;
      if (input.files[0] !== file) return; // another one was chosen meanwhile
      complaint.hidden = !found?.problem;
      complaint.textContent = found?.problem ?? "";
      if (found?.problem) {
        input.value = "";
        file = undefined;
      }
      if (address) URL.revokeObjectURL(address);
      address = file ? URL.createObjectURL(file) : "";
      preview.hidden = !file && !current;
      if (file) preview.src = address;
      else if (current) preview.src = current;
      if (file) name.textContent = `${file.name} (${facts(file, found)})`;
    }

    function take(files) {
      const all = takeSeveral ? [...input.files, ...files] : files;
      if (takeSeveral && all.length > 1) {
        input.value = "";
        takeSeveral(all);
        return;
      }
      const chosen = new DataTransfer();
      chosen.items.add(files[0]);
      input.files = chosen.files;
      show();
    }

    preview.addEventListener("error", () => (preview.hidden = true)); // a format that the browser cannot show
    input.addEventListener("change", () => {
      if (takeSeveral && input.files.length > 1) {
        const files = [...input.files];
        input.value = "";
        takeSeveral(files);
      } else show();
    });
    acceptDrops(drop, take);
    if (takeSeveral) {
      input.multiple = true;
      drop.querySelector("[data-one]").hidden = true;
      drop.querySelector("[data-many]").hidden = false;
    }
    drop.dataset.ready = "yes";
    show();
  }

  // A form with a gap is not sent: the picture would travel for nothing, and would have to be chosen again.
  function checkFirst(form) {
    form.addEventListener(
      "submit",
      (event) => {
        const problems = missing(form);
        if (!Object.keys(problems).length) return;
        event.preventDefault();
        event.stopImmediatePropagation(); // site.js would take it as sent
        complain(form, problems);
        form.querySelector("[aria-invalid]").focus();
      },
      { capture: true },
    );
    form.addEventListener("input", (event) => clearError(form, event.target.name));
  }

  const single = document.querySelector("form[data-single]");
  const frame = document.querySelector("template[data-batch-frame]");
  let start = null;
  const takeSeveral = (files) => {
    if (!start) {
      const section = frame.content.firstElementChild.cloneNode(true);
      frame.after(section);
      start = globalThis.brushmarkBatch.several(section, single);
    }
    start(files);
  };
  // A file that misses its place must not open in place of the page.
  for (const kind of ["dragover", "drop"]) {
    addEventListener(kind, (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
  }
  for (const drop of document.querySelectorAll("[data-drop]")) {
    onePicture(drop, single && frame ? takeSeveral : null);
    checkFirst(drop.closest("form"));
  }
})();
