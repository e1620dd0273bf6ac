/** The draft under the hands of a person: saved by itself, joined with what others change meanwhile. */
import { watchDebounced } from "@vueuse/core";
import { computed, type ComputedRef, inject, type InjectionKey, onBeforeUnmount, provide, type Ref, ref, watch } from "vue";

import { asProblem } from "@/api/problem";
import { keys, queryClient } from "@/api/query";
import type { Assistant, AssistantContent } from "@/api/types";
import { useProblem } from "@/ui/problem";

import { saveDraft, useAssistant } from "./queries";
import { changedFields, rebase } from "./rebase";

export type SaveState = "saved" | "changed" | "saving" | "failed" | "clash";

export interface Draft {
  query: ReturnType<typeof useAssistant>;
  assistant: ComputedRef<Assistant | undefined>;
  /** What the fields show; absent until it was read. */
  form: Ref<AssistantContent | null>;
  state: Ref<SaveState>;
  fields: Ref<Record<string, string>>;
  failure: Ref<string>;
  /** Fields that somebody else changed at the same time to something else. */
  clashes: Ref<string[]>;
  /** Saves what is not saved; resolves to whether the service has everything now. */
  flush: () => Promise<boolean>;
  settle: (mine: boolean) => void;
  adopt: (assistant: Assistant) => void;
}

const KEY: InjectionKey<Draft> = Symbol("draft");
const WAIT = 700;

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export function provideDraft(): Draft {
  const query = useAssistant();
  const { describe, pathMessages } = useProblem();
  const form = ref<AssistantContent | null>(null);
  const state = ref<SaveState>("saved");
  const fields = ref<Record<string, string>>({});
  const failure = ref("");
  const clashes = ref<string[]>([]);
  let base: AssistantContent | null = null;
  let revision = 0;
  let theirs: AssistantContent | null = null;
  let saving: Promise<boolean> | null = null;

  const pending = () => (form.value && base ? changedFields(base, form.value) : {});
  const dirty = () => Object.keys(pending()).length > 0;

  function adopt(assistant: Assistant): void {
    base = copy(assistant.draft.content);
    revision = assistant.draft.revision;
    theirs = null;
    clashes.value = [];
    form.value = copy(base);
    state.value = "saved";
    fields.value = {};
    failure.value = "";
  }

  /** Takes in what the service has; whoever is typing keeps what was typed. */
  function join(assistant: Assistant): void {
    if (!form.value || !base || !dirty()) return adopt(assistant);
    const joined = rebase(base, form.value, assistant.draft.content);
    revision = assistant.draft.revision;
    base = copy(assistant.draft.content);
    form.value = copy(joined.content);
    clashes.value = joined.clashes;
    theirs = joined.clashes.length ? base : null;
    state.value = joined.clashes.length ? "clash" : "changed";
  }

  watch(
    query.data,
    (assistant) => {
      // An own answer is taken in by `save`, which knows what was typed meanwhile.
      if (assistant && state.value !== "saving" && (!form.value || assistant.draft.revision !== revision)) join(assistant);
    },
    { immediate: true },
  );

  async function save(): Promise<boolean> {
    const changes = copy(pending());
    if (Object.keys(changes).length === 0) return true;
    state.value = "saving";
    try {
      const assistant = await saveDraft(revision, changes);
      revision = assistant.draft.revision;
      // The service may have trimmed a text that is being typed: under the caret it stays as it was sent.
      base = { ...copy(assistant.draft.content), ...changes };
      fields.value = {};
      failure.value = "";
      state.value = dirty() ? "changed" : "saved";
      const newest = query.data.value;
      if (newest && newest.draft.revision > revision) join(newest);
      return !dirty();
    } catch (error) {
      if (asProblem(error).code === "draft_changed") {
        await queryClient.refetchQueries({ queryKey: keys.assistant });
        state.value = "changed";
        if (query.data.value) join(query.data.value);
        return false;
      }
      fields.value = pathMessages(error);
      failure.value = describe(error);
      state.value = "failed";
      return false;
    }
  }

  async function flush(): Promise<boolean> {
    if (state.value === "clash") return false;
    await saving;
    // Once more for what was typed, or joined from somebody else, meanwhile.
    saving = save()
      .then((whole) => (whole || state.value !== "changed" ? whole : save()))
      .finally(() => (saving = null));
    return saving;
  }

  watch(
    form,
    () => {
      if (dirty() && state.value !== "clash" && state.value !== "saving") state.value = "changed";
    },
    { deep: true },
  );
  watchDebounced(
    form,
    () => {
      if (dirty()) void flush();
    },
    { deep: true, debounce: WAIT },
  );

  function settle(mine: boolean): void {
    if (!mine && form.value && theirs) Object.assign(form.value, Object.fromEntries(clashes.value.map((field) => [field, copy(theirs?.[field as keyof AssistantContent])])));
    clashes.value = [];
    theirs = null;
    state.value = "changed";
    void flush();
  }

  onBeforeUnmount(() => {
    if (dirty()) void flush();
  });

  const draft: Draft = { query, assistant: computed(() => query.data.value), form, state, fields, failure, clashes, flush, settle, adopt };
  provide(KEY, draft);
  return draft;
}

export function useDraft(): Draft {
  const draft = inject(KEY);
  if (!draft) throw new Error("The draft is only there under the assistant's pages.");
  return draft;
}
