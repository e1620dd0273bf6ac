/** The models' settings as the form holds them, and what of them is sent. */
import type { Llm, LlmUpdate } from "@/api/types";

export interface ModelFields {
  model: string;
  base_url: string;
  api_key: string;
  price_input: number | null;
  price_output: number | null;
}

export interface LlmFields {
  main: ModelFields;
  fallback: ModelFields;
  embeddings: ModelFields;
  currency: string;
  monthly_limit: number | null;
}

type Stored = Pick<Llm, "model" | "base_url" | "prices">;

function modelFields(stored: Stored | null | undefined): ModelFields {
  return {
    model: stored?.model ?? "",
    base_url: stored?.base_url ?? "",
    api_key: "",
    price_input: stored?.prices?.input ?? null,
    price_output: stored?.prices?.output ?? null,
  };
}

export function fieldsOf(llm: Llm): LlmFields {
  const prices = llm.prices ?? llm.fallback?.prices ?? llm.embeddings?.prices;
  return {
    main: modelFields(llm),
    fallback: modelFields(llm.fallback),
    embeddings: modelFields(llm.embeddings),
    currency: prices?.currency ?? "USD",
    monthly_limit: llm.monthly_limit ?? null,
  };
}

/** What becomes of the stored key: it stays with the provider and the address it was typed for, and is sent to no other. */
export function keyState(fields: ModelFields, stored: (Stored & { has_api_key: boolean }) | null | undefined): "none" | "kept" | "dropped" {
  if (!stored?.has_api_key) return "none";
  const provider = (model: string | null | undefined) => (model ?? "").trim().split(":")[0];
  return provider(fields.model) === provider(stored.model) && fields.base_url.trim() === (stored.base_url ?? "") ? "kept" : "dropped";
}

/** The messages that belong to one model's fields, of those for the whole form. */
export function errorsOf(messages: Record<string, string>, prefix: "" | "fallback." | "embeddings."): Record<string, string> {
  const of = (...names: string[]) => names.map((name) => messages[prefix + name]).find(Boolean) ?? "";
  return { model: of("model"), base_url: of("base_url"), api_key: of("api_key"), input: of("prices.input", "prices"), output: of("prices.output") };
}

/** A key is sent only when a new one was typed, so that the stored one stays. */
function shared(fields: ModelFields, currency: string) {
  const priced = fields.price_input !== null || fields.price_output !== null;
  return {
    base_url: fields.base_url.trim() || null,
    ...(fields.api_key ? { api_key: fields.api_key } : {}),
    prices: priced ? { input: fields.price_input ?? 0, output: fields.price_output ?? 0, currency } : null,
  };
}

function another(fields: ModelFields, currency: string) {
  const model = fields.model.trim();
  return model ? { model, ...shared(fields, currency) } : null;
}

export function updateOf(fields: LlmFields): LlmUpdate {
  return {
    model: fields.main.model.trim() || null,
    ...shared(fields.main, fields.currency),
    fallback: another(fields.fallback, fields.currency),
    embeddings: another(fields.embeddings, fields.currency),
    monthly_limit: fields.monthly_limit,
  };
}
