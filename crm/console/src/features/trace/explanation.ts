/** What the service explains of a message, in the form in which answers are shown everywhere. */
import type { AnswerCheck, Explanation, Trace } from "@/api/types";

export function traceOf(explained: Explanation): Trace {
  const passages = explained.passages.map((passage) => ({ ...passage, title: passage.title ?? passage.document }));
  return {
    ...explained,
    checks: explained.checks as unknown as AnswerCheck[],
    judge: explained.judge as Trace["judge"],
    assistant_version: explained.version?.number ?? null,
    passages,
    // The whole passage where it is still kept: a quote alone may mislead.
    sources: passages.filter((passage) => passage.cited).map((passage) => ({ ...passage, quote: passage.text ?? passage.quote ?? "" })),
  };
}
