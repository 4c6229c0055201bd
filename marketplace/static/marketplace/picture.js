// What a picture file says about itself, read in the browser from its first bytes. The server asks again, always.
"use strict";

(() => {
  const HEAD = 1024 * 1024; // the size stands near the start of every format; where it does not, the server finds it
  const AVIF = ["avif", "avis"];
  const HEIF = ["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"];

  const letters = (view, at, length) => {
    let text = "";
    for (let i = at; i < Math.min(at + length, view.byteLength); i += 1) text += String.fromCharCode(view.getUint8(i));
    return text;
  };

  function formatOf(view) {
    if (letters(view, 0, 8) === "\x89PNG\r\n\x1a\n") return "PNG";
    if (letters(view, 0, 3) === "\xff\xd8\xff") return "JPEG";
    if (["GIF87a", "GIF89a"].includes(letters(view, 0, 6))) return "GIF";
    if (letters(view, 0, 4) === "RIFF" && letters(view, 8, 4) === "WEBP") return "WEBP";
    if (letters(view, 4, 4) !== "ftyp") return "";
    const brands = [letters(view, 8, 4)];
    for (let at = 16; at + 4 <= Math.min(view.getUint32(0), 256, view.byteLength); at += 4) {
      brands.push(letters(view, at, 4));
    }
    if (brands.some((brand) => AVIF.includes(brand))) return "AVIF";
    return brands.some((brand) => HEIF.includes(brand)) ? "HEIF" : "";
  }

  // Each returns [width, height]; reading past the end throws a RangeError, which means "not known".
  const sizes = {
    PNG: (view) => [view.getUint32(16), view.getUint32(20)],
    GIF: (view) => [view.getUint16(6, true), view.getUint16(8, true)],
    JPEG(view) {
      let at = 2;
      while (at < view.byteLength) {
        const marker = view.getUint16(at);
        const kind = marker & 0xff;
        if (marker < 0xff00) return [0, 0];
        if (kind >= 0xc0 && kind <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(kind)) {
          return [view.getUint16(at + 7), view.getUint16(at + 5)];
        }
        at += kind === 0xff ? 1 : 2 + view.getUint16(at + 2);
      }
      return [0, 0];
    },
    WEBP(view) {
      const kind = letters(view, 12, 4);
      const three = (at) => view.getUint16(at, true) + view.getUint8(at + 2) * 65536;
      if (kind === "VP8X") return [three(24) + 1, three(27) + 1];
      if (kind === "VP8 ") return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
      if (kind !== "VP8L") return [0, 0];
      const bits = view.getUint32(21, true);
      return [(bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1];
    },
    // The picture is the largest of its parts: tiles and thumbnails have a size ("ispe") of their own.
    AVIF(view) {
      let best = [0, 0];
      for (let at = 4; at + 16 <= Math.min(view.byteLength, 65536); at += 1) {
        if (view.getUint32(at) !== 0x69737065) continue;
        const size = [view.getUint32(at + 8), view.getUint32(at + 12)];
        if (size[0] * size[1] > best[0] * best[1]) best = size;
      }
      return best;
    },
  };
  sizes.HEIF = sizes.AVIF;

  // Returns {format, width, height}: "" where the format is none we know, 0 where the size is not known.
  // Rejects where the file cannot be read at all (a folder, a file that is gone).
  async function look(file) {
    const view = new DataView(await file.slice(0, HEAD).arrayBuffer());
    const format = view.byteLength >= 12 ? formatOf(view) : "";
    let [width, height] = [0, 0];
    try {
      if (format) [width, height] = sizes[format](view);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    return { format, width, height };
  }

  // Looks and returns {format, width, height, problem}; `limits` is the data-* of the page's picture field, with the
  // sentences to say. `problem` is "" where nothing is known against the file.
  async function check(file, limits) {
    const unknown = { format: "", width: 0, height: 0 };
    if (!file.size) return { ...unknown, problem: limits.sayEmpty };
    if (file.size > Number(limits.maxBytes)) return { ...unknown, problem: limits.sayBytes };
    let found;
    try {
      found = await look(file);
    } catch {
      return { ...unknown, problem: limits.sayUnreadable };
    }
    let problem = "";
    if (!found.format) problem = limits.sayKind;
    else if (!limits.formats.split(" ").includes(found.format)) problem = limits.sayFormat;
    else if (found.width * found.height > Number(limits.maxPixels)) problem = limits.sayPixels;
    return { ...found, problem };
  }

  const megabytes = (file) => `${Math.max(0.1, file.size / 1048576).toFixed(1)} MB`;
  const facts = (file, found) => megabytes(file) + (found.width ? `, ${found.width} × ${found.height}` : "");

  const hasFiles = (event) => event.dataTransfer.types.includes("Files");

  function acceptDrops(place, take) {
    for (const kind of ["dragover", "dragenter"]) {
      place.addEventListener(kind, (event) => {
        if (!hasFiles(event)) return; // a word may be dragged from field to field
        event.preventDefault();
        place.dataset.over = "yes";
      });
    }
    for (const kind of ["dragleave", "drop"]) place.addEventListener(kind, () => delete place.dataset.over);
    place.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
    });
  }

  globalThis.brushmarkPicture = { look, check, megabytes, facts, hasFiles, acceptDrops };
})();
