// Texts with light marks (**bold**, _italic_, `code`, [title](address)), and addresses as links.
// The same small part of Markdown as `connectors.base.marks`; what is no complete mark stays as written.

import { make } from "./elements.js";

const MARK =
  /\*\*([^\s*](?:[^*\n]{0,998}[^\s*])?)\*\*|(^|[^\p{L}\p{N}_])_([^\s_](?:[^_\n]{0,998}[^\s_])?)_(?![\p{L}\p{N}_])|`([^`\n]{1,1000})`|\[([^[\]\n]{1,500})\]\((https?:\/\/[^\s()<>]{1,2000})\)/gu;
const LINK =
  /(https?:\/\/[^\s<>"']+)|(www\.[^\s<>"']+\.[^\s<>"']+)|([\p{L}0-9._%+-]{1,64}@[\p{L}0-9.-]{1,190}\.\p{L}{2,})|(\+\d[\d\s()-]{8,16}\d)/giu;
const SAFE = ["https:", "http:", "mailto:", "tel:"];

/** A text of our side as nodes; what begins lines of a list becomes a dot. */
export function marked(written) {
  const text = written.replace(/^[-*] (?=\S)/gm, "• ");
  const nodes = [];
  let place = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, bold, before, italic, code, title, address] = match;
    nodes.push(...linked(text.slice(place, match.index) + (before || "")));
    if (bold) nodes.push(make("strong", {}, ...linked(bold)));
    else if (italic) nodes.push(make("em", {}, ...linked(italic)));
    else if (code) nodes.push(make("code", {}, code));
    else nodes.push(link(address, title) || whole);
    place = match.index + whole.length;
  }
  nodes.push(...linked(text.slice(place)));
  return nodes;
}

/** A text as nodes, with addresses, e-mails and phones as links. */
export function linked(text) {
  const nodes = [];
  let place = 0;
  for (const match of text.matchAll(LINK)) {
    const found = match[0].replace(/[.,;:!?)\]}»”*_]+$/u, "");
    const made = link(addressOf(found, match), found);
    if (!made) continue;
    nodes.push(text.slice(place, match.index), made);
    place = match.index + found.length;
  }
  nodes.push(text.slice(place));
  return nodes.filter((node) => node !== "");
}

/** A link that opens elsewhere; null when the address could run something. */
export function link(address, ...children) {
  const href = safeAddress(address);
  return href && make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
}

/** An address that may be opened, else null. */
export function safeAddress(address) {
  try {
    const url = new URL(address);
    return SAFE.includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function addressOf(found, match) {
  if (match[3]) return `mailto:${found}`;
  if (match[4]) return `tel:${found.replace(/[^+\d]/g, "")}`;
  return match[2] ? `https://${found}` : found;
}
