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
