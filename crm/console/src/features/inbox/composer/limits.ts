/** What files a channel takes. */
import { ApiProblem } from "@/api/problem";
import type { Capabilities } from "@/api/types";

/** What a channel would not take, before a byte is sent; null where it may be tried. */
export function refusal(file: Pick<File, "size" | "type">, capabilities: Capabilities | undefined): ApiProblem | null {
  if (!capabilities) return null;
  if (!capabilities.media.length) return new ApiProblem(415, "channel_takes_no_files", "");
  const family = file.type.split("/")[0] ?? "";
  const own = capabilities.media.find((limit) => limit.kind === family && (!limit.mimes.length || limit.mimes.includes(file.type)));
  // What a channel does not take as a picture or a film may go as a document.
  const limits = [own, capabilities.media.find((limit) => limit.kind === "document")].filter((one) => one !== undefined);
  const fitting = limits.filter((limit) => !limit.mimes.length || limit.mimes.includes(file.type));
  if (!fitting.length) return new ApiProblem(415, "channel_refuses_type", "");
  return file.size > Math.max(...fitting.map((limit) => limit.max_bytes)) ? new ApiProblem(413, "channel_file_too_large", "") : null;
}

export function largest(capabilities: Capabilities | undefined): number {
  return Math.max(0, ...(capabilities?.media ?? []).map((limit) => limit.max_bytes));
}
