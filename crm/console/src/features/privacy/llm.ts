/** The model's settings as the form holds them, and what of them is sent. */
import type { Llm, LlmUpdate } from "@/api/types";

export interface LlmFields {
  model: string;
  base_url: string;
  api_key: string;
  fallback_model: string;
  fallback_base_url: string;
  fallback_api_key: string;
  price_input: number | null;
  price_output: number | null;
  currency: string;
  monthly_limit: number | null;
}

export function fieldsOf(llm: Llm): LlmFields {
  return {
    model: llm.model ?? "",
    base_url: llm.base_url ?? "",
    api_key: "",
    fallback_model: llm.fallback?.model ?? "",
    fallback_base_url: llm.fallback?.base_url ?? "",
    fallback_api_key: "",
    price_input: llm.prices?.input ?? null,
    price_output: llm.prices?.output ?? null,
    currency: llm.prices?.currency ?? "USD",
    monthly_limit: llm.monthly_limit ?? null,
  };
}

/** A key is sent only when a new one was typed, so that the stored one stays. */
export function updateOf(fields: LlmFields): LlmUpdate {
  const fallback = fields.fallback_model.trim();
  const priced = fields.price_input !== null || fields.price_output !== null;
  return {
    model: fields.model.trim() || null,
    base_url: fields.base_url.trim() || null,
    ...(fields.api_key ? { api_key: fields.api_key } : {}),
    fallback: fallback ? { model: fallback, base_url: fields.fallback_base_url.trim() || null, ...(fields.fallback_api_key ? { api_key: fields.fallback_api_key } : {}) } : null,
    prices: priced ? { input: fields.price_input ?? 0, output: fields.price_output ?? 0, currency: fields.currency } : null,
    monthly_limit: fields.monthly_limit,
  };
}
