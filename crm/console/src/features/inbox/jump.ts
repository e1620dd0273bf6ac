/** Going to a message that another one quotes. */
import { reactive } from "vue";

/** The message that is wanted; whoever shows the conversation finds it. */
export const wanted = reactive<{ conversationId: string; messageId: string; at: number }>({ conversationId: "", messageId: "", at: 0 });

export function jumpTo(conversationId: string, messageId: string): void {
  Object.assign(wanted, { conversationId, messageId, at: Date.now() });
}

/** Older pages that are fetched at most to find a message. */
const PAGES = 20;

/** Brings a message into view; fetches older ones until it is there. Resolves to whether it was found. */
export async function reveal(messageId: string, older: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries <= PAGES; tries++) {
    const place = document.getElementById(`message-${messageId}`);
    if (place) {
      const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      place.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
      place.dataset.found = "";
      window.setTimeout(() => delete place.dataset.found, 2_000);
      return true;
    }
    if (!(await older())) return false;
  }
  return false;
}
