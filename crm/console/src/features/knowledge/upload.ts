/** Files on their way into the knowledge base: two at a time, each with its progress. */
import { computed, reactive } from "vue";

import { csrf, signedOut } from "@/api/client";
import { ApiProblem, asProblem, problemFrom } from "@/api/problem";
import { keys, queryClient } from "@/api/query";
import type { Page, Source, SourceSummary } from "@/api/types";

import { isReadable } from "./files";

const AT_ONCE = 2;
/** A file that is in stays on the list for so long, so that its end is seen. */
const SHOWN_FOR = 4_000;

export interface Upload {
  id: number;
  name: string;
  size: number;
  file: File;
  /** 0 to 1 of the bytes are sent. */
  sent: number;
  state: "waiting" | "sending" | "done" | "failed";
  problem: ApiProblem | null;
  /** The document whose file it takes the place of. */
  replaces: string | null;
}

const uploads = reactive<Upload[]>([]);
let lastId = 0;

export function useUploads() {
  return { uploads, running: computed(() => uploads.some((upload) => upload.state === "waiting" || upload.state === "sending")) };
}

export function addFiles(files: Iterable<File>): void {
  for (const file of files) {
    const problem = isReadable(file.name) ? null : new ApiProblem(415, "file_kind_unknown", file.name);
    uploads.push({ id: ++lastId, name: file.name, size: file.size, file, sent: 0, state: problem ? "failed" : "waiting", problem, replaces: null });
  }
  next();
}

export function forgetUpload(id: number): void {
  const place = uploads.findIndex((upload) => upload.id === id);
  if (place !== -1) uploads.splice(place, 1);
}

export function retryUpload(id: number): void {
  const upload = uploads.find((one) => one.id === id);
  if (!upload) return;
  Object.assign(upload, { state: "waiting", sent: 0, problem: null });
  next();
}

/** A file of the same name is most often a newer edition: it takes the place of the document that has the name. */
export function replaceWithUpload(id: number): void {
  const upload = uploads.find((one) => one.id === id);
  const known = queryClient.getQueryData<Page<SourceSummary>>(keys.sources)?.items.find((source) => source.name === upload?.name);
  if (!upload || !known) return;
  upload.replaces = known.id;
  retryUpload(id);
}

function next(): void {
  while (uploads.filter((upload) => upload.state === "sending").length < AT_ONCE) {
    const upload = uploads.find((one) => one.state === "waiting");
    if (!upload) return;
    void deliver(upload);
  }
}

async function deliver(upload: Upload): Promise<void> {
  upload.state = "sending";
  try {
    await send(upload.file, (sent) => (upload.sent = sent), upload.replaces);
    upload.state = "done";
    window.setTimeout(() => forgetUpload(upload.id), SHOWN_FOR);
    void queryClient.invalidateQueries({ queryKey: upload.replaces ? ["knowledge"] : keys.sources });
  } catch (error) {
    upload.state = "failed";
    upload.problem = asProblem(error);
  }
  next();
}

/** Only the old way of asking tells how much of the body has left. */
function send(file: File, onProgress: (share: number) => void, replaced: string | null = null): Promise<Source> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    if (replaced) request.open("PUT", `/api/knowledge/sources/${replaced}/file`);
    else request.open("POST", "/api/knowledge/files");
    request.responseType = "json";
    request.setRequestHeader("X-CSRF-Token", csrf());
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new ApiProblem(0, "offline", ""));
    request.onload = () => {
      if (request.status < 300) return resolve(request.response as Source);
      if (request.status === 401) signedOut();
      const headers = { "Retry-After": request.getResponseHeader("Retry-After") ?? "" };
      problemFrom(new Response(null, { status: request.status, headers }), request.response).then(reject, reject);
    };
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}

/** Puts another file in place of a document's; its old passages answer until the new ones are ready. */
export async function replaceFile(sourceId: string, file: File): Promise<void> {
  await send(file, () => undefined, sourceId);
  void queryClient.invalidateQueries({ queryKey: ["knowledge"] });
}
