/** Files of messages: their addresses, and how they are shown. */
import type { Attachment } from "@/api/types";

export const fileUrl = (id: string) => `/api/files/${id}`;
export const downloadUrl = (id: string) => `/api/files/${id}?download=true`;
export const thumbnailUrl = (id: string) => `/api/files/${id}/thumbnail`;

export interface PlacedFile extends Attachment {
  /** Its place among the message's files: the address under which it is tried again. */
  place: number;
}

/** Files by how they are drawn; those that stand in a mail's text are drawn there. */
export function arranged(attachments: Attachment[], inText: boolean): { pictures: PlacedFile[]; rest: PlacedFile[] } {
  const placed = attachments.map((file, place) => ({ ...file, place })).filter((file) => !(inText && file.inline && file.state === "stored"));
  const isPicture = (file: PlacedFile) => file.state === "stored" && !!file.file_id && (file.kind === "image" || file.kind === "sticker");
  return { pictures: placed.filter(isPicture), rest: placed.filter((file) => !isPicture(file)) };
}

const ICONS: Record<string, string> = {
  image: "i-lucide-image",
  sticker: "i-lucide-sticker",
  audio: "i-lucide-mic",
  video: "i-lucide-video",
  document: "i-lucide-file-text",
};
export const iconOf = (kind: string) => ICONS[kind] ?? "i-lucide-file";

/** 75 seconds are 1:15. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
