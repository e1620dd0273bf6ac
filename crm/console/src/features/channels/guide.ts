/** Steps of a guide, parted so that addresses can be opened and names of settings copied without mistakes. */
export interface GuidePiece {
  text: string;
  kind: "text" | "link" | "code";
}

const SPECIAL = /((?:[a-z0-9-]+\.)+(?:com|ru|net|org|io|kz|me)(?:\/[\w./-]*\w)?)|(\b[a-z]+(?:_[a-z]+)+\b|\/newbot\b|@BotFather\b)/g;

/** An address without a path and a capital ("Mail.ru") is a name. */
export function guidePieces(step: string): GuidePiece[] {
  const pieces: GuidePiece[] = [];
  let at = 0;
  for (const match of step.matchAll(SPECIAL)) {
    const before = step.charAt(match.index - 1);
    if (match[1] && /[\p{L}\p{N}.@-]/u.test(before)) continue;
    if (match.index > at) pieces.push({ text: step.slice(at, match.index), kind: "text" });
    pieces.push({ text: match[0], kind: match[1] ? "link" : "code" });
    at = match.index + match[0].length;
  }
  if (at < step.length) pieces.push({ text: step.slice(at), kind: "text" });
  return pieces;
}
