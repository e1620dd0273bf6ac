/** What went wrong, as the service says it (RFC 9457) or as the network shows it. */
export interface FieldProblem {
  field: string;
  code: string;
  detail: string;
}

export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    /** Stable, and the translation key under `errors.`; `offline` when no answer came at all. */
    readonly code: string,
    detail: string,
    readonly fields: FieldProblem[] = [],
    /** Seconds to wait before the next try, when the service says so. */
    readonly retryAfter: number | null = null,
    /** What else the problem says of itself, by its kind (RFC 9457's extension members). */
    readonly members: Record<string, unknown> = {},
  ) {
    super(detail);
    this.name = "ApiProblem";
  }

  get isOffline(): boolean {
    return this.status === 0;
  }
}

export async function problemFrom(response: Response, body: unknown): Promise<ApiProblem> {
  const data = (typeof body === "object" && body !== null ? body : {}) as {
    code?: string;
    detail?: string;
    title?: string;
    errors?: FieldProblem[];
  };
  const retry = Number(response.headers.get("Retry-After"));
  return new ApiProblem(
    response.status,
    data.code ?? (response.status >= 500 ? "unavailable" : "unknown"),
    data.detail ?? data.title ?? response.statusText,
    data.errors ?? [],
    Number.isFinite(retry) && retry > 0 ? retry : null,
    data,
  );
}

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, "offline", error instanceof Error ? error.message : String(error));
}
