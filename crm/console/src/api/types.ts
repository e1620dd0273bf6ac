/** The names the console uses for the shapes of the service's OpenAPI document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["SessionRead"];
export type User = Schemas["UserRead"];
export type MeUpdate = Schemas["MeUpdate"];
export type Organization = Schemas["OrganizationRead"];
export type OrganizationUpdate = Schemas["OrganizationUpdate"];
export type Llm = Schemas["LlmRead"];
export type LlmUpdate = Schemas["LlmUpdate"];
export type Member = Schemas["MemberRead"];
export type Contact = Schemas["ContactRead"];
export type ContactWrite = Schemas["ContactUpdate"];
export type ContactForm = Schemas["ContactCreate"];
export type Pipeline = Schemas["PipelineRead"];
export type Stage = Schemas["StageSchema"];
export type Deal = Schemas["DealRead"];
export type DealWrite = Schemas["DealUpdate"];
export type DealForm = Schemas["DealCreate"];
export type Board = Schemas["Board"];
export type Task = Schemas["TaskRead"];
export type TaskWrite = Schemas["TaskUpdate"];
export type TaskForm = Schemas["TaskCreate"];
export type Conversation = Schemas["ConversationRead"] & { contact?: Schemas["ContactRead"] | null };
export type Counts = Schemas["ConversationCounts"];
export type Message = Schemas["MessageRead"];
export type ChannelInfo = Schemas["ChannelRead"];
export type Connection = Schemas["ConnectionRead"];
export type ConnectionWrite = Schemas["ConnectionUpdate"];
export type Source = Schemas["Source"];
export type SourceSummary = Schemas["SourceSummary"];
export type SourceWrite = Schemas["SourceUpdate"];
export type ScoredPassage = Schemas["ScoredPassage"];
export type Assistant = Schemas["AssistantRead"];
export type AssistantWrite = Schemas["AssistantUpdate"];
export type TestAnswer = Schemas["TestAnswer"];

/** What made a bot's message. Every part may be missing: each skill leaves its own. */
export interface Trace {
  intent?: string | null;
  confidence?: number | null;
  skill?: string | null;
  method?: string | null;
  sources?: Schemas["AnswerSource"][] | null;
  assistant_version?: number | string | null;
  knowledge_version?: number | null;
  model?: string | null;
  masked_prompt?: string | null;
  elapsed_ms?: number | null;
}

export type Role = Session["role"];
export type Language = "ru" | "kk" | "en";
export type Channel = "telegram" | "webchat";
export type Texts = Partial<Record<Language, string>>;

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}
