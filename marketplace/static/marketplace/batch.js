// Several works offered at once: a card each, with its own fields, progress and errors, sent one by one.
"use strict";

(() => {
  const { check, facts, megabytes, acceptDrops } = globalThis.brushmarkPicture;
  const { clearError, complain, missing } = globalThis.brushmarkProblems;
  const SHARED = ["category", "price", "currency", "declared_origin"];

  const say = (text, values = {}) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  // Names one file's offer, so that whatever is sent twice makes one listing.
  function newSubmission() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
  }

  // Resolves to {status, body}: status 0 where the connection broke, body null where the answer is not JSON.
  function post(address, data, { progress, sent, abort }) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      const done = () => {
        let body = null;
        try {
          body = JSON.parse(request.responseText);
        } catch {
          // an error page, or a proxy's
        }
        resolve({ status: request.status, body });
      };
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) progress(Math.floor((100 * event.loaded) / event.total));
      });
      request.upload.addEventListener("load", sent);
      for (const end of ["load", "error", "abort", "timeout"]) request.addEventListener(end, done);
      abort.addEventListener("abort", () => request.abort());
      request.open("POST", address);
      request.setRequestHeader("Accept", "application/json");
      request.send(data);
    });
  }

  function several(section, single) {
    const words = section.dataset;
    const limits = single.querySelector("[data-drop]").dataset;
    const shared = section.querySelector("[data-shared]");
    const list = section.querySelector("[data-cards]");
    const template = section.querySelector("template[data-card]");
    const heading = section.querySelector("[data-count]");
    const status = section.querySelector("[data-status]");
    const log = section.querySelector("[data-log]");
    const offerAll = section.querySelector("[data-offer-all]");
    const more = section.querySelector("input[type=file]");
    const cards = [];
    let made = 0;
    let token = single.querySelector("[name=csrfmiddlewaretoken]").value;

    const tell = (text) => {
      const line = document.createElement("span");
      line.textContent = `${text} `;
      log.append(line);
      if (log.childElementCount > 20) log.firstElementChild.remove();
    };
    const isLeft = (card) => card.state !== "done";
    const count = () => {
      heading.textContent = say(words.sayCount, { count: cards.length });
      offerAll.hidden = !cards.some(isLeft);
    };

    // A sign-in in another tab changes the token that guards forms: ask the page for the new one.
    async function renewToken() {
      const answer = await fetch(location.pathname, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.querySelector("form[data-single] [name=csrfmiddlewaretoken]");
      if (found) token = found.value;
      return Boolean(found);
    }

    class Card {
      constructor(file) {
        this.file = file;
        this.submission = newSubmission();
        this.state = "checking";
        this.stop = new AbortController();
        this.element = template.content.firstElementChild.cloneNode(true);
        made += 1;
        for (const part of this.element.querySelectorAll("*")) {
          for (const name of ["id", "for", "aria-describedby", "aria-labelledby"]) {
            const value = part.getAttribute(name);
            if (value) part.setAttribute(name, value.replaceAll("CARD_", `card${made}_`));
          }
        }
        this.form = this.find("form");
        this.preview = this.find("[data-preview]");
        for (const part of this.element.querySelectorAll("[data-name]")) part.textContent = ` ${file.name}`;
        this.form.elements.title.value = file.name.replace(/\.[^.]*$/, "").replace(/[_-]+/g, " ").trim().slice(0, 120);
        for (const name of SHARED) this.put(name, new FormData(shared).get(name));
        this.form.addEventListener("submit", (event) => {
          event.preventDefault();
          this.send();
        });
        this.form.addEventListener("input", (event) => clearError(this.form, event.target.name));
        this.find("[data-remove]").addEventListener("click", () => this.remove());
        this.find("[data-facts]").textContent = megabytes(file);
        this.word(words.sayChecking);
      }

      find(selector) {
        return this.element.querySelector(selector);
      }

      word(text) {
        this.find("[data-word]").textContent = text;
      }

      put(name, value) {
        const field = this.form.elements[name];
        if (value === null) return;
        field.value = value; // a group of radio buttons takes a value too
        clearError(this.form, name);
      }

      enter(state) {
        this.state = this.element.dataset.state = state;
        count();
        const busy = state === "sending" || state === "done";
        this.find("[data-fields]").disabled = busy || state === "wrong";
        this.find("[data-fields]").hidden = state === "done" || state === "wrong";
        this.find("[data-send]").hidden = !["ready", "failed"].includes(state);
        this.find("[data-remove]").hidden = state === "done";
        this.find("[data-progress]").hidden = state !== "sending";
      }

      async look() {
        const found = await check(this.file, limits);
        this.find("[data-facts]").textContent = facts(this.file, found);
        this.word("");
        if (found.problem) {
          this.enter("wrong");
          complain(this.form, { picture: [found.problem] });
          tell(say(words.sayRefused, { name: this.file.name, problem: found.problem }));
          return;
        }
        const address = URL.createObjectURL(this.file);
        this.preview.addEventListener("load", () => {
          this.preview.hidden = false;
          this.find("[data-blank]").hidden = true;
          URL.revokeObjectURL(address);
        });
        this.preview.addEventListener("error", () => URL.revokeObjectURL(address));
        this.preview.src = address;
        this.enter("ready");
      }

      fail(text, problems = {}) {
        this.enter("failed");
        complain(this.form, problems);
        this.find("[data-send]").textContent = words.sayAgain;
        this.word(text);
        tell(`${this.file.name}: ${[text, ...Object.values(problems).flat()].join(" ")}`);
      }

      async send() {
        if (!["ready", "failed"].includes(this.state)) return;
        this.find("[data-problems]").replaceChildren();
        const problems = missing(this.form);
        if (Object.keys(problems).length) {
          this.fail(words.sayWrong, problems);
          return;
        }
        const data = new FormData(this.form);
        data.set("picture", this.file, this.file.name);
        data.set("submission", this.submission);
        this.enter("sending");
        this.word(say(words.saySending, { percent: 0 }));
        let answer = await this.post(data);
        if (answer.status === 403 && (await renewToken().catch(() => false))) answer = await this.post(data);
        if (this.stop.signal.aborted) return;
        const { status: code, body } = answer;
        if (code === 201 && body) this.arrive(body.listing);
        else if ((code === 422 || code === 429) && body) this.fail(words.sayWrong, body.errors);
        else if (code === 401 || code === 403) this.fail(words.saySignedOut);
        else this.fail(code ? words.sayServer : words.sayBroken);
      }

      post(data) {
        data.set("csrfmiddlewaretoken", token);
        const bar = this.find("[data-progress]");
        return post(location.pathname, data, {
          abort: this.stop.signal,
          progress: (percent) => {
            bar.value = percent;
            this.word(say(words.saySending, { percent }));
          },
          sent: () => {
            this.word(words.sayArriving);
            this.find("[data-remove]").hidden = true; // the site has it whole: too late to call it back
          },
        });
      }

      arrive(listing) {
        this.enter("done");
        const text = say(words.sayArrived, listing);
        const link = this.find("[data-listing]");
        this.word(text);
        link.href = listing.address;
        link.hidden = false;
        tell(text);
      }

      remove() {
        const place = cards.indexOf(this);
        this.stop.abort();
        cards.splice(place, 1);
        this.element.remove();
        count();
        tell(say(words.sayRemoved, { name: this.file.name }));
        const next = cards[Math.min(place, cards.length - 1)];
        if (next) (next.state === "done" ? next.find("[data-listing]") : next.find("[data-remove]")).focus();
        else {
          section.hidden = true;
          single.hidden = false;
          single.querySelector("input[type=file]").focus();
        }
      }
    }

    function add(files) {
      for (const file of files) {
        const card = new Card(file);
        cards.push(card);
        list.append(card.element);
        card.enter("checking");
        card.look();
      }
      count();
      tell(say(words.sayAdded, { count: files.length }));
    }

    async function sendAll() {
      if (offerAll.getAttribute("aria-disabled") === "true") return; // the second click of a double click
      offerAll.setAttribute("aria-disabled", "true");
      status.textContent = "";
      for (const card of [...cards]) {
        if (cards.includes(card)) await card.send(); // it may be removed while others are sent
      }
      offerAll.removeAttribute("aria-disabled");
      const left = cards.filter(isLeft);
      const done = cards.length - left.length;
      status.textContent = say(left.length ? words.saySome : words.sayAll, { done, count: cards.length });
      if (![offerAll, document.body].includes(document.activeElement)) return; // somebody is typing meanwhile
      const troubled = left.find((card) => card.state === "failed");
      if (troubled) troubled.find("[aria-invalid], [data-send]").focus();
      else if (!left.length) section.querySelector("[data-leave]").focus({ preventScroll: true });
    }

    const putShared = (event) => {
      for (const card of cards) {
        if (["ready", "failed", "checking"].includes(card.state)) card.put(event.target.name, event.target.value);
      }
    };
    shared.addEventListener("input", putShared);
    shared.addEventListener("submit", (event) => event.preventDefault());
    offerAll.addEventListener("click", sendAll);
    more.addEventListener("change", () => {
      const files = [...more.files];
      more.value = "";
      add(files);
    });
    acceptDrops(section, add);
    addEventListener("beforeunload", (event) => {
      if (cards.some((card) => isLeft(card) && card.state !== "wrong")) event.preventDefault();
    });

    return (files) => {
      const typed = new FormData(single);
      for (const name of SHARED) {
        if (typed.get(name)) shared.elements[name].value = typed.get(name);
      }
      single.hidden = true;
      section.hidden = false;
      add(files);
      heading.focus();
    };
  }

  globalThis.brushmarkBatch = { several };
})();
