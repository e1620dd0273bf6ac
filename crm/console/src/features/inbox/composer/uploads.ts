/** Files that are about to be sent: they travel while the person still writes. */
import { computed, reactive, type ComputedRef } from "vue";

import { csrf, signedOut } from "@/api/client";
import { ApiProblem, asProblem, problemFrom } from "@/api/problem";
import type { Capabilities, FileRead } from "@/api/types";

import { refusal } from "./limits";

export interface Upload {
  key: number;
  conversationId: string;
  file: File;
  /** 0 to 1 of the bytes are sent. */
  sent: number;
  state: "sending" | "ready" | "failed";
  problem: ApiProblem | null;
  /** What the service keeps it as. */
  kept: FileRead | null;
  /** A picture of it that this browser has anyway. */
  preview: string | null;
}

/** As many as one message may carry. */
export const MOST_FILES = 10;

const uploads = reactive<Upload[]>([]);
const requests = new Map<number, XMLHttpRequest>();
let lastKey = 0;

export function useUploads(conversationId: () => string): ComputedRef<Upload[]> {
  return computed(() => uploads.filter((one) => one.conversationId === conversationId()));
}

export function attach(conversationId: string, files: Iterable<File>, capabilities: Capabilities | undefined): void {
  for (const file of files) {
    if (uploads.filter((one) => one.conversationId === conversationId).length >= MOST_FILES) return;
    const problem = refusal(file, capabilities);
    const preview = file.type.startsWith("image/") && file.type !== "image/svg+xml" ? URL.createObjectURL(file) : null;
    const upload: Upload = { key: ++lastKey, conversationId, file, sent: 0, state: problem ? "failed" : "sending", problem, kept: null, preview };
    uploads.push(upload);
    if (!problem) void deliver(upload.key);
  }
}

export function retry(key: number): void {
  const upload = uploads.find((one) => one.key === key);
  if (!upload) return;
  Object.assign(upload, { state: "sending", sent: 0, problem: null });
  void deliver(key);
}

export function drop(key: number): void {
  requests.get(key)?.abort();
  const place = uploads.findIndex((one) => one.key === key);
  const [gone] = place === -1 ? [] : uploads.splice(place, 1);
  if (gone?.preview) URL.revokeObjectURL(gone.preview);
}

/** Takes the files that are ready off the table: they go with a message. */
export function takeReady(conversationId: string): { id: string; name: string; kind: string }[] {
  const ready = uploads.filter((one) => one.conversationId === conversationId && one.kept);
  for (const { key } of ready) drop(key);
  return ready.map(({ kept }) => ({ id: kept!.id, name: kept!.name, kind: kept!.kind }));
}

async function deliver(key: number): Promise<void> {
  const upload = uploads.find((one) => one.key === key);
  if (!upload) return;
  try {
    upload.kept = await post(key, upload.file, (sent) => (upload.sent = sent));
    upload.state = "ready";
  } catch (error) {
    upload.state = "failed";
    upload.problem = asProblem(error);
  } finally {
    requests.delete(key);
  }
}

/** Only the old way of asking tells how much of the body has left. */
function post(key: number, file: File, onProgress: (share: number) => void): Promise<FileRead> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    requests.set(key, request);
    request.open("POST", "/api/files");
    request.responseType = "json";
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new ApiProblem(0, "offline", ""));
    request.onabort = () => reject(new ApiProblem(0, "cancelled", ""));
    request.onload = () => {
      if (request.status < 300) return resolve(request.response as FileRead);
      if (request.status === 401) signedOut();
      const headers = { "Retry-After": request.getResponseHeader("Retry-After") ?? "" };
      problemFrom(new Response(null, { status: request.status, headers }), request.response).then(reject, reject);
    };
    const form = new FormData();
    form.append("file", file, file.name || "file");
    request.send(form);
  });
}
