// Making elements. Text only ever becomes text nodes: nothing that is written in a chat is HTML.

/** An element with attributes and listeners, and children that are nodes or texts. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const PATHS = {
  chat: "M12 3.5c-5 0-9 3.4-9 7.7 0 2.4 1.3 4.5 3.3 5.9-.1 1-.6 2.2-1.5 3.2 0 0 2.9-.1 5-1.7.7.1 1.4.2 2.2.2 5 0 9-3.4 9-7.6s-4-7.7-9-7.7Z",
  down: "m6 9.5 6 6 6-6",
  close: "M6.5 6.5l11 11m0-11-11 11",
  send: "M12 19V5.5m0 0-6 6m6-6 6 6",
  spark: "M12 4.5c.8 4.4 3.1 6.7 7.5 7.5-4.4.8-6.7 3.1-7.5 7.5-.8-4.4-3.1-6.7-7.5-7.5 4.4-.8 6.7-3.1 7.5-7.5Z",
  source: "M7 3.5h7l4 4V20a.5.5 0 0 1-.5.5H7a.5.5 0 0 1-.5-.5V4a.5.5 0 0 1 .5-.5Zm2.5 8.5h6m-6 4h6",
  file: "M13.5 3.5H7A1.5 1.5 0 0 0 5.5 5v14A1.5 1.5 0 0 0 7 20.5h10a1.5 1.5 0 0 0 1.5-1.5V8.5l-5-5Zm0 0v5h5",
  check: "m5.5 12.5 4.2 4.2 8.8-9.2",
  checks: "m2.5 12.5 4.2 4.2 8.3-8.7m-3.7 8.7 8.7-9.2m-9.2 6-.3-.2",
  clock: "M12 7.5V12l3 2m5.5-2a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0Z",
  clip: "m19.5 11.5-7.6 7.4a4.6 4.6 0 0 1-6.5-6.5l7.9-7.8a3 3 0 0 1 4.3 4.3l-7.8 7.7a1.5 1.5 0 0 1-2.1-2.1l7.1-7",
  again: "M19 5v4.5h-4.5M18.6 14a7 7 0 1 1-1-6.8l1.4 2.1",
  bell: "M6 10a6 6 0 1 1 12 0c0 5 2 6 2 6H4s2-1 2-6Zm4 9.5a2.2 2.2 0 0 0 4 0",
  mute: "M8 5.5A6 6 0 0 1 18 10c0 2 .3 3.4.7 4.3M6 10c0 5-2 6-2 6h12.5M10 19.5a2.2 2.2 0 0 0 4 0M4 4l16 16",
  mail: "M4.5 6h15A1.5 1.5 0 0 1 21 7.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 16.5v-9A1.5 1.5 0 0 1 4.5 6Zm-1 1.5L12 13l8.5-5.5",
};

/** A drawing, hidden from screen readers: what it means stands beside it in words. */
export function icon(name, className = "icon") {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", className);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that is a drawing only; `name` is what screen readers say, set when the language is known. */
export function iconButton(drawing, className, attributes = {}) {
  return make("button", { type: "button", class: className, ...attributes }, icon(drawing));
}

/** Give a button its name, for screen readers and as a tip. */
export function call(button, name) {
  button.setAttribute("aria-label", name);
  button.title = name;
}

/** The last of a list that fits; undefined when none does. Old browsers have no findLast. */
export function lastOf(list, fits = () => true) {
  for (let place = list.length - 1; place >= 0; place -= 1) if (fits(list[place])) return list[place];
  return undefined;
}

/** The first letter of a name, whole also when it is an emoji. */
export function initial(name) {
  const [letter] = name || "·";
  return letter.toLocaleUpperCase();
}
