// What is asked of the visitor, and when: the form before the chat, an e-mail when nobody can answer.

import { momentOf } from "./dates.js";
import { askedOf, oneField, prechatForm } from "./forms.js";
import { wordsOf } from "./words.js";

const SLOW_AFTER_MS = 120_000;

export class Asking {
  #config;
  #state;
  #show;
  #on;
  #shown = "";
  #timer = 0;

  /**
   * `state()`: {language, known, isNew, hasFormed, hasTheirs, last, attendance}; `show(form, isFirst)`;
   * `on`: form(told), email(address).
   */
  constructor({ config, state, show, on }) {
    this.#config = config;
    this.#state = state;
    this.#show = show;
    this.#on = on;
  }

  /** Whether the chat begins with the form. */
  get isFormShown() {
    return this.#shown.startsWith("form");
  }

  /** Show what is to be asked now; take away what is not. What is being filled in stays. */
  look() {
    const state = this.#state();
    const kind = this.#kind(state);
    const shown = kind ? `${kind} ${state.language} ${Boolean(state.attendance?.follows)}` : "";
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (!kind) this.#show(null, false);
    else if (kind === "form") this.#show(this.#form(state), true);
    else this.#show(this.#email(kind, state), false);
  }

  /** The visitor has just written: look again when the answer has taken long. */
  wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.look(), SLOW_AFTER_MS + 1_000);
  }

  #kind({ language, known, isNew, hasFormed, hasTheirs, last, attendance }) {
    const missing = askedOf(this.#config.prechat, known, language);
    if (isNew && !hasTheirs && !hasFormed && missing.length > 0) return "form";
    const { answers } = attendance || {};
    if (!this.#config.offline || known.email || !hasTheirs) return "";
    if (answers === "nobody") return "nobody";
    return answers === "people" && isSlow(last) ? "slow" : "";
  }

  #form({ language, known }) {
    return prechatForm({
      prechat: this.#config.prechat,
      known,
      words: wordsOf(language),
      language,
      onDone: this.#on.form,
    });
  }

  #email(kind, { language, attendance }) {
    const words = wordsOf(language);
    const opens = attendance.opens_at ? words.nobodyUntil(momentOf(attendance.opens_at, language)) : "";
    const why = kind === "slow" ? words.slow : `${words.nobody} ${opens}`.trim();
    return oneField({
      kind: "email",
      label: words.email,
      intro: `${why} ${attendance.follows ? words.leaveEmail : words.leaveAddress}`,
      action: words.leave,
      words,
      onDone: this.#on.email,
    });
  }
}

function isSlow(last) {
  return Boolean(last && last.author === "contact" && Date.now() - new Date(last.at) > SLOW_AFTER_MS);
}
