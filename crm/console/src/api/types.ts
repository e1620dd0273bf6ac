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
export type Stage = Schemas["StageSchema"];
export type Deal = Schemas["DealRead"];
export type DealWrite = Schemas["DealUpdate"];
export type DealForm = Schemas["DealCreate"];
export type Board = Schemas["Board"];
export type Task = Schemas["TaskRead"];
export type TaskWrite = Schemas["TaskUpdate"];
export type TaskForm = Schemas["TaskCreate"];
export type Conversation = Schemas["ConversationRead"] & Partial<Pick<Schemas["ConversationDetail"], "contact" | "reach" | "referrals">>;
export type Message = Schemas["MessageRead"];
export type Attachment = Message["attachments"][number];
export type TemplateFill = Schemas["TemplateFill"];
export type Template = Schemas["TemplateRead"];
export type FileRead = Schemas["FileRead"];
export type ConnectionDetail = Schemas["ConnectionDetail"];
export type Capabilities = Schemas["CapabilitiesRead"];
export type Duplicate = Schemas["DuplicateRead"];
export type ChannelInfo = Schemas["ChannelRead"];
export type Connection = Schemas["ConnectionRead"];
export type Source = Schemas["Source"];
export type SourceSummary = Schemas["SourceSummary"];
export type SourceWrite = Schemas["SourceUpdate"];
export type ScoredPassage = Schemas["ScoredPassage"];
export type Passage = Schemas["PassageRead"];
export type PassageWrite = Schemas["PassageUpdate"];
export type Assistant = Schemas["AssistantRead"];
export type AssistantContent = Schemas["AssistantContent"];
export type AssistantVersion = Schemas["VersionBrief"];
export type Change = Schemas["ChangeRead"];
export type KnowledgeChange = Schemas["KnowledgeChange"];
export type Gate = Schemas["GateRead"];
export type GateSuite = Schemas["GateSuite"];
export type LeadField = AssistantContent["lead_form"][number];
export type Variable = Schemas["VariableRead"];
export type TrialTurn = Schemas["TrialTurnRead"];
export type Effect = Schemas["TrialEffect"];
export type Suite = Schemas["SuiteRead"];
export type Case = Schemas["CaseRead"];
export type Expect = Schemas["Expectations"];
export type Run = Schemas["RunRead"];
export type RunForm = Schemas["RunCreate"];
export type RunEstimate = Schemas["Estimate"];
export type Verdict = Schemas["Verdict"];
export type Side = Schemas["Side"];
export type Result = Schemas["ResultRead"];
export type ProviderCall = Schemas["CallRead"];
export type PrivacyWrite = Schemas["PrivacyUpdate"];
export type PrivacySettings = Schemas["PrivacyRead"];
export type Explanation = Schemas["Explanation"];
export type Suggestion = Schemas["SuggestionRead"];

/** What an assistant is asked about: what is being prepared, what customers hear, or an older version. */
export type Target = "draft" | "published" | number;

/** A passage an answer rests on. */
export interface AnswerSource {
  document: string;
  title: string;
  heading: string[];
  passage_id: string;
  quote: string;
  score?: number | null;
}

/** One check of an answer before it is said. */
export interface AnswerCheck {
  name: string;
  passed: boolean;
  detail?: string | null;
}

/** What made a bot's message. Every part may be missing: each skill leaves its own. */
export interface Trace {
  intent?: string | null;
  confidence?: number | null;
  skill?: string | null;
  method?: string | null;
  sources?: AnswerSource[] | null;
  passages?: { passage_id: string; document: string; score: number; title?: string | null; heading?: string[]; text?: string | null }[] | null;
  assistant_version?: number | string | null;
  knowledge_version?: number | null;
  model?: string | null;
  masked_prompt?: string | { role: string; text: string }[] | null;
  raw_answer?: string | null;
  provider_error?: string | null;
  checks?: AnswerCheck[] | null;
  input_tokens?: number | null;
  output_tokens?: number | null;
  cost?: number | null;
  currency?: string | null;
  elapsed_ms?: number | null;
  /** Why the search by meaning did not help: a provider's code. */
  embedding_error?: string | null;
  judge?: { verdict: "yes" | "no" | "none" } | null;
  /** The question in the documents' language, where a model translated it. */
  translated?: string | null;
}

export type Role = Session["role"];
export type Language = "ru" | "kk" | "en";
export type Texts = Partial<Record<Language, string>>;

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}
