/** Reads a channel's JSON Schema into the fields of a form. The schema brings its own words in every language. */
import type { Language } from "@/api/types";

interface Words {
  title?: string;
  description?: string;
}

export interface JsonSchema extends Words {
  type?: string;
  enum?: string[];
  default?: unknown;
  format?: string;
  pattern?: string;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  writeOnly?: boolean;
  required?: string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  "x-labels"?: Partial<Record<Language, Words>>;
  "x-options"?: Partial<Record<Language, Record<string, string>>>;
  "x-guide"?: Partial<Record<Language, string[]>>;
  /** Values that follow from another one: an e-mail address names its servers. */
  "x-presets"?: { field: string; by_domain: Record<string, Record<string, unknown>> };
}

export type Control = "text" | "paragraph" | "secret" | "color" | "choice" | "switch" | "number" | "lines" | "group";

export interface Field {
  /** The place in the settings, outermost first. */
  path: string[];
  control: Control;
  title: string;
  description: string;
  required: boolean;
  options: { label: string; value: string }[];
  schema: JsonSchema;
  fields: Field[];
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.split("/").at(-1);
  const target = name ? { ...root.$defs?.[name], ...schema } : schema;
  const chosen = target.anyOf?.find((option) => option.type !== "null");
  return chosen ? { ...resolved(chosen, root), ...target, type: chosen.type ?? target.type } : target;
}

function controlOf(schema: JsonSchema): Control {
  if (schema.properties) return "group";
  if (schema.writeOnly || schema.format === "password") return "secret";
  if (schema.format === "color") return "color";
  if (schema.enum) return "choice";
  if (schema.type === "boolean") return "switch";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.type === "array") return "lines";
  return (schema.maxLength ?? 0) >= 1_000 ? "paragraph" : "text";
}

export function formFields(root: JsonSchema, language: Language, at: JsonSchema = root, path: string[] = []): Field[] {
  return Object.entries(at.properties ?? {}).map(([name, raw]) => {
    const schema = resolved(raw, root);
    const words = schema["x-labels"]?.[language] ?? schema;
    const control = controlOf(schema);
    return {
      path: [...path, name],
      control,
      title: words.title ?? schema.title ?? name,
      description: words.description ?? (control === "group" ? "" : (schema.description ?? "")),
      required: at.required?.includes(name) ?? false,
      options: (schema.enum ?? []).map((value) => ({ value, label: schema["x-options"]?.[language]?.[value] ?? value })),
      schema,
      fields: control === "group" ? formFields(root, language, schema, [...path, name]) : [],
    };
  });
}

/**
 * The help of a choice, without the stored names of its options: those that only say what each name means go, for the
 * options are shown in words.
 */
export function choiceHelp(description: string, options: { label: string; value: string }[]): string {
  const names = options.filter(({ value }) => new RegExp(`\\b${value}\\b`).test(description));
  if (names.length > 1 && names.length === options.length) return "";
  return names.reduce((text, { label, value }) => text.replace(new RegExp(`\\b${value}\\b`, "g"), label), description);
}

const FIRST = 3;

/** What everybody fills in, and what most leave as it is. */
export function parted(fields: Field[]): { main: Field[]; more: Field[] } {
  if (fields.length <= 7) return { main: fields, more: [] };
  const main = fields.filter((field, place) => field.required || place < FIRST);
  return { main, more: fields.filter((field) => !main.includes(field)) };
}

/** What is known of an address's domain; undefined for one that nobody knows. */
export function presetsOf(schema: JsonSchema | undefined, values: Record<string, unknown>): Record<string, unknown> | undefined {
  const presets = schema?.["x-presets"];
  const domain = String(values[presets?.field ?? ""] ?? "").split("@")[1]?.trim().toLowerCase();
  return domain ? presets?.by_domain[domain] : undefined;
}

/** The values of a form that nobody has touched: what is stored, else the schema's defaults. */
export function initialValues(fields: Field[], stored: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => {
      const name = field.path.at(-1) ?? "";
      const known = stored[name];
      if (field.control === "group") return [name, initialValues(field.fields, known as Record<string, unknown> | undefined)];
      return [name, known ?? field.schema.default ?? (field.control === "lines" ? [] : field.control === "switch" ? false : "")];
    }),
  );
}

/** What is sent: an empty secret is left out, which keeps the stored one. */
export function sentValues(fields: Field[], values: Record<string, unknown>): Record<string, unknown> {
  const entries = fields.flatMap((field): [string, unknown][] => {
    const name = field.path.at(-1) ?? "";
    const value = values[name];
    if (field.control === "group") return [[name, sentValues(field.fields, value as Record<string, unknown>)]];
    if (field.control === "secret" && value === "") return [];
    if (field.control === "number" && value === "") return [];
    // What may be absent is absent when it is empty: its pattern would not take emptiness.
    if (value === "" && !field.required && field.schema.default === null) return [[name, null]];
    return [[name, value]];
  });
  return Object.fromEntries(entries);
}
