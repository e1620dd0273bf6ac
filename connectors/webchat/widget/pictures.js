// Pictures drawn on a canvas: the page's content security policy is asked for connect-src only, not img-src.

import { make } from "./elements.js";

/** A canvas that shows a picture, from an address or a file. `onFail` when it cannot be shown. */
export function picture(source, { name, width, height, onFail = () => {} }) {
  const canvas = make("canvas", { role: "img", "aria-label": name, class: "picture" });
  draw(canvas, source, width, height).catch(onFail);
  return canvas;
}

async function draw(canvas, source, width, height) {
  const blob = typeof source === "string" ? await load(source) : source;
  const bitmap = await createImageBitmap(blob);
  const shrink = Math.min(1, width / bitmap.width, height / bitmap.height);
  canvas.width = Math.max(1, Math.round(bitmap.width * shrink));
  canvas.height = Math.max(1, Math.round(bitmap.height * shrink));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  if (bitmap.close) bitmap.close();
  canvas.classList.add("drawn");
}

async function load(address) {
  const answer = await fetch(address, { credentials: "omit", referrerPolicy: "no-referrer" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.blob();
}
