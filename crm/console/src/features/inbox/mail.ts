/** E-mails as pages of their own: no scripts, nothing from other hosts. */
import type { Message } from "@/api/types";

import { fileUrl } from "./files";

export interface MailData {
  subject?: string;
  to?: string[];
  cc?: string[];
  full_text?: string;
  html?: string;
  signature?: string;
  invite?: { title?: string; begins?: string; ends?: string; place?: string; organizer?: string } | null;
  unsupported?: string[];
  automatic?: string | null;
  /** Who the mail says it is from, where it asks for answers elsewhere. */
  writer?: string | null;
}

export interface Recipient {
  address: string;
  writer: string | null;
}

/**
 * To whom an answer goes: the address of the chat (`<thread>:<address>`).
 *
 * @param newestFirst the messages as the service gives them
 */
export function recipientOf(newestFirst: Pick<Message, "chat_id" | "direction" | "data">[]): Recipient | null {
  const address = newestFirst[0]?.chat_id.replace(/^[^:]*:/, "") ?? "";
  if (!address.includes("@") || address.endsWith("@invalid")) return null;
  const newest = newestFirst.find(({ direction }) => direction === "in");
  return { address, writer: (newest?.data as MailData | undefined)?.writer || null };
}

export function isMail(data: Record<string, unknown>): boolean {
  return typeof data.html === "string" || typeof data.full_text === "string" || (typeof data.subject === "string" && Array.isArray(data.to));
}

/** The frame's own rule, beside the sandbox and the console's: what the service let through may still ask nobody. */
const POLICY = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'";

/**
 * A page to show a mail in.
 *
 * @param html what the service has made safe
 * @returns the page, and how many pictures of other hosts are left out: they would tell the sender who reads
 */
export function mailDocument(html: string): { html: string; remote: number } {
  const inside = new DOMParser().parseFromString(html, "text/html");
  for (const one of inside.querySelectorAll("script, iframe, object, embed, form, meta, link, base")) one.remove();
  let remote = 0;
  for (const image of inside.querySelectorAll("img")) {
    const own = image.dataset.file;
    if (own && /^[0-9a-f]{24}$/.test(own)) image.src = fileUrl(own);
    else if (!(image.getAttribute("src") ?? "").startsWith("data:")) {
      if (image.dataset.remoteSrc || image.hasAttribute("src")) remote += 1;
      image.remove();
    }
  }
  for (const link of inside.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  const head = `<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><style>body{margin:12px;font:14px/1.5 system-ui,sans-serif;color:#18181b;overflow-wrap:anywhere}img{max-width:100%;height:auto}table{max-width:100%}</style>`;
  return { html: `<!doctype html><html><head>${head}</head><body>${inside.body.innerHTML}</body></html>`, remote };
}
