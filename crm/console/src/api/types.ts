/** The names the console uses for the shapes of the service's OpenAPI document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type User = Schemas["User"];
export type Organization = Schemas["Organization"];
export type OrganizationUpdate = Schemas["OrganizationUpdate"];
export type Llm = Schemas["Llm"];
export type LlmUpdate = Schemas["LlmUpdate"];
export type Member = Schemas["Member"];
export type Contact = Schemas["Contact"];
export type ContactWrite = Schemas["ContactWrite"];
export type Pipeline = Schemas["Pipeline"];
export type Stage = Schemas["Stage"];
export type Deal = Schemas["Deal"];
export type DealWrite = Schemas["DealWrite"];
export type Board = Schemas["Board"];
export type Task = Schemas["Task"];
export type TaskWrite = Schemas["TaskWrite"];
export type Conversation = Schemas["Conversation"];
export type Counts = Schemas["Counts"];
export type Message = Schemas["Message"];
export type Trace = Schemas["Trace"];
export type TraceSource = Schemas["TraceSource"];
export type ChannelInfo = Schemas["ChannelInfo"];
export type Connection = Schemas["Connection"];
export type ConnectionWrite = Schemas["ConnectionWrite"];
export type Source = Schemas["Source"];
export type SourceWrite = Schemas["SourceWrite"];
export type Passage = Schemas["Passage"];
export type ScoredPassage = Schemas["ScoredPassage"];
export type Assistant = Schemas["Assistant"];
export type AssistantWrite = Schemas["AssistantWrite"];
export type TestAnswer = Schemas["TestAnswer"];

export type Role = Session["role"];
export type Language = "ru" | "kk" | "en";
export type Channel = "telegram" | "webchat";
export type Texts = Partial<Record<Language, string>>;

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}
