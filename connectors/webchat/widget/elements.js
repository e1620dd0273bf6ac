// Making elements. Text only ever becomes text nodes: nothing that is written in a chat is HTML.

/** An element with properties and attributes, and children that are nodes or texts. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const PATHS = {
  chat: "M12 3.5c-5 0-9 3.4-9 7.7 0 2.4 1.3 4.5 3.3 5.9-.1 1-.6 2.2-1.5 3.2 0 0 2.9-.1 5-1.7.7.1 1.4.2 2.2.2 5 0 9-3.4 9-7.6s-4-7.7-9-7.7Z",
  down: "m6 9.5 6 6 6-6",
  close: "M6.5 6.5l11 11m0-11-11 11",
  send: "M12 19V5.5m0 0-6 6m6-6 6 6",
  spark: "M12 4.5c.8 4.4 3.1 6.7 7.5 7.5-4.4.8-6.7 3.1-7.5 7.5-.8-4.4-3.1-6.7-7.5-7.5 4.4-.8 6.7-3.1 7.5-7.5Z",
  person: "M12 11.5a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2Zm-7 8c.5-3.6 3.3-5.4 7-5.4s6.5 1.8 7 5.4",
  source: "M7 3.5h7l4 4V20a.5.5 0 0 1-.5.5H7a.5.5 0 0 1-.5-.5V4a.5.5 0 0 1 .5-.5Zm2.5 8.5h6m-6 4h6",
  check: "m5.5 12.5 4.2 4.2 8.8-9.2",
  clock: "M12 7.5V12l3 2m5.5-2a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0Z",
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

const LINK =
  /(https?:\/\/[^\s<>"']+)|(www\.[^\s<>"']+\.[^\s<>"']+)|([\p{L}0-9._%+-]+@[\p{L}0-9.-]+\.\p{L}{2,})|(\+\d[\d\s()-]{8,16}\d)/giu;

/** A text as nodes, with addresses, e-mails and phones as links. */
export function linked(text) {
  const nodes = [];
  let place = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match[0].replace(/[.,;:!?)\]}»”]+$/u, "");
    const address = addressOf(found, match);
    if (address === null) continue;
    nodes.push(text.slice(place, match.index));
    nodes.push(
      make("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, found),
    );
    place = match.index + found.length;
  }
  nodes.push(text.slice(place));
  return nodes.filter((node) => node !== "");
}

function addressOf(found, match) {
  if (match[3]) return `mailto:${found}`;
  if (match[4]) return `tel:${found.replace(/[^+\d]/g, "")}`;
  try {
    const url = new URL(match[2] ? `https://${found}` : found);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}
