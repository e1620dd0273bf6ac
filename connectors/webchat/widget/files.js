// The files of a message on the screen: pictures as pictures, the rest as cards to open.

import { sizeOf } from "./dates.js";
import { icon, make } from "./elements.js";
import { safeAddress } from "./marks.js";
import { picture } from "./pictures.js";

/** Elements for a message's files. A file without an address is still on its way. */
export function fileViews(files, words, language) {
  return files.map((file) => {
    const address = safeAddress(absolute(file.url));
    const thumbnail = safeAddress(absolute(file.thumbnail));
    if (!address || !thumbnail) return card(file, address, words, language);
    const view = make("a", { ...opening(address, file, words), class: "shot", "data-testid": "aitys-picture" });
    const shown = picture(thumbnail, {
      name: file.name,
      width: 480,
      height: 360,
      onFail: () => view.replaceWith(card(file, address, words, language)),
    });
    view.append(shown);
    return view;
  });
}

function card(file, address, words, language) {
  const inside = [
    make("span", { class: "leaf" }, icon("file")),
    make(
      "span",
      { class: "about" },
      make("span", { class: "filename" }, file.name || words.file),
      make("span", { class: "size" }, file.size ? sizeOf(file.size, language) : ""),
    ),
  ];
  const attributes = { class: "file", "data-testid": "aitys-file" };
  if (!address) return make("div", attributes, ...inside);
  return make("a", { ...opening(address, file, words), ...attributes }, ...inside);
}

function opening(address, file, words) {
  return {
    href: address,
    target: "_blank",
    rel: "noopener noreferrer",
    "aria-label": words.openFile(file.name || words.file),
  };
}

function absolute(address) {
  return address ? new URL(address, location.href).href : "";
}
