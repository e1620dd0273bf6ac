/** The typed client: one object for every request the console makes. */
import createClient, { type Middleware } from "openapi-fetch";

import { ApiProblem, problemFrom } from "./problem";
import type { paths } from "./schema";

let csrfToken = "";
let whenSignedOut: () => void = () => undefined;

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** For what the typed client cannot do, such as telling how much of a file is on its way. */
export function csrf(): string {
  return csrfToken;
}

/** For whoever learns by other means that the session has ended. */
export function signedOut(): void {
  whenSignedOut();
}

/** Called once for every answer that says the session has ended. */
export function onSignedOut(handler: () => void): void {
  whenSignedOut = handler;
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

const security: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method) && csrfToken) request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  onResponse({ response, schemaPath }) {
    const asking = schemaPath === "/api/session" || schemaPath.startsWith("/api/auth/");
    if (response.status === 401 && !asking) whenSignedOut();
    return undefined;
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: "same-origin" });
api.use(security);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/**
 * Unwraps an answer of the client.
 *
 * @throws {ApiProblem} with the service's code, or `offline` when the service was not reached.
 */
export async function call<T>(request: Promise<Answer<T>>): Promise<NonNullable<T>> {
  let answer: Answer<T>;
  try {
    answer = await request;
  } catch (error) {
    throw new ApiProblem(0, "offline", error instanceof Error ? error.message : String(error));
  }
  if (!answer.response.ok) throw await problemFrom(answer.response, answer.error);
  return answer.data as NonNullable<T>;
}
