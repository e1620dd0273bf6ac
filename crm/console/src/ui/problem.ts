/** Says in words what went wrong, what is safe, and what to do. */
import { useToast } from "@nuxt/ui/composables";
import { useI18n } from "vue-i18n";

import { asProblem } from "@/api/problem";

export function useProblem() {
  const { t, te } = useI18n();
  const toast = useToast();

  /** The service's code in the person's language; its own words where no translation exists. */
  function describe(error: unknown): string {
    const problem = asProblem(error);
    if (te(`errors.${problem.code}`)) return t(`errors.${problem.code}`, { seconds: problem.retryAfter ?? 60 });
    return problem.message || t("errors.unknown");
  }

  /** Messages per field, for forms: `{ email: "..." }`. */
  function fieldMessages(error: unknown): Record<string, string> {
    return Object.fromEntries(
      asProblem(error).fields.map((field) => [
        field.field.split(".").at(-1) ?? field.field,
        te(`errors.fields.${field.code}`) ? t(`errors.fields.${field.code}`) : field.detail,
      ]),
    );
  }

  /** Messages per path and everything above it, for nested forms: `{ "handoff.words.0": …, "handoff.words": …, handoff: … }`. */
  function pathMessages(error: unknown): Record<string, string> {
    const messages: Record<string, string> = {};
    for (const { field, code, detail } of asProblem(error).fields) {
      const steps = field.split(".");
      steps.forEach((_, index) => (messages[steps.slice(0, index + 1).join(".")] ??= te(`errors.fields.${code}`) ? t(`errors.fields.${code}`) : detail));
    }
    return messages;
  }

  function show(error: unknown, retry?: () => void): void {
    toast.add({
      title: t("errors.title"),
      description: describe(error),
      color: "error",
      icon: "i-lucide-circle-alert",
      duration: 9000,
      actions: retry
        ? [{ label: t("actions.retry"), color: "neutral", variant: "outline", onClick: () => retry() }]
        : [],
    });
  }

  function done(title: string, description?: string): void {
    toast.add({ title, description, color: "success", icon: "i-lucide-circle-check", duration: 3500 });
  }

  /** Something worth knowing that is no failure. */
  function tell(title: string): void {
    toast.add({ title, color: "neutral", icon: "i-lucide-info", duration: 6000 });
  }

  /** Says what was done, and offers to take it back. */
  function undo(title: string, back: () => void): void {
    toast.add({
      title,
      color: "neutral",
      icon: "i-lucide-check",
      duration: 8000,
      actions: [{ label: t("actions.undo"), color: "neutral", variant: "outline", onClick: () => back() }],
    });
  }

  return { describe, fieldMessages, pathMessages, show, done, tell, undo };
}
