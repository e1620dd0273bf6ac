// What the visitor is asked: the form before the chat, a phone where a button asks for it, an e-mail
// when nobody is there.

import { icon, make } from "./elements.js";
import { link } from "./marks.js";

const EMAIL = /^[^\s@<>"'(),:;[\]\\]{1,64}@[^\s@<>"'(),:;[\]\\.]+(\.[^\s@<>"'(),:;[\]\\.]+)+$/;
const PHONE = /^\+?[0-9][0-9 ().-]{5,24}$/;
const KINDS = {
  name: { autocomplete: "name", maxlength: "100" },
  phone: { type: "tel", autocomplete: "tel", inputmode: "tel", maxlength: "30" },
  email: { type: "email", autocomplete: "email", inputmode: "email", maxlength: "254" },
  own: { maxlength: "500", autocomplete: "off" },
};

let count = 0;

/** One field with its label and its complaint. */
class Field {
  constructor(kind, { label, isRequired, words, value = "" }) {
    count += 1;
    this.kind = kind;
    this.label = label;
    this.isRequired = isRequired;
    this.words = words;
    this.complaint = make("div", { class: "complaint", id: `complaint-${count}`, hidden: true });
    this.input = make("input", {
      type: "text",
      ...KINDS[kind],
      id: `field-${count}`,
      "aria-describedby": this.complaint.id,
      "aria-required": String(isRequired),
      "data-testid": `aitys-field-${kind}`,
      oninput: () => this.complain(""),
    });
    this.input.value = value;
    const note = isRequired ? null : make("span", { class: "note" }, ` · ${words.optional}`);
    this.element = make(
      "div",
      { class: "field" },
      make("label", { for: this.input.id }, label, note),
      this.input,
      this.complaint,
    );
  }

  get value() {
    return this.input.value.trim();
  }

  /** Whether it may be sent; says what is wrong otherwise. */
  check() {
    const digits = this.value.replace(/\D/g, "").length;
    let complaint = "";
    if (!this.value) complaint = this.isRequired ? this.words.fillIn : "";
    else if (this.kind === "email" && !EMAIL.test(this.value)) complaint = this.words.wrongEmail;
    else if (this.kind === "phone" && !(PHONE.test(this.value) && digits >= 7 && digits <= 15)) {
      complaint = this.words.wrongPhone;
    }
    this.complain(complaint);
    return !complaint;
  }

  complain(words) {
    this.complaint.textContent = words;
    this.complaint.hidden = !words;
    this.input.setAttribute("aria-invalid", String(Boolean(words)));
  }
}

/** What of the form is still to be asked, as kinds of fields. */
export function askedOf(prechat, known, language) {
  return ["name", "phone", "email", "own"].filter((kind) => {
    if (!prechat || prechat[kind] === "no" || known[kind]) return false;
    return kind !== "own" || Boolean(questionOf(prechat, language));
  });
}

/** The form before the chat. `onDone({text, name, phone, email, answer})`. */
export function prechatForm({ prechat, known, words, language, onDone }) {
  const fields = askedOf(prechat, known, language).map(
    (kind) =>
      new Field(kind, {
        label: kind === "own" ? questionOf(prechat, language) : words[kind],
        isRequired: prechat[kind] === "required",
        words,
      }),
  );
  const consent = make("input", { type: "checkbox", id: "consent", "data-testid": "aitys-consent" });
  const agree = make("div", { class: "complaint", role: "alert", hidden: true }, words.agree);
  consent.addEventListener("change", () => (agree.hidden = true));
  const more = prechat.privacy_url && link(prechat.privacy_url, words.privacy);
  return make(
    "form",
    {
      class: "ask",
      novalidate: true,
      "data-testid": "aitys-form",
      onsubmit: (event) => {
        event.preventDefault();
        const wrong = fields.filter((field) => !field.check());
        agree.hidden = consent.checked;
        if (wrong.length > 0) wrong[0].input.focus();
        else if (!consent.checked) consent.focus();
        else onDone(told(fields));
      },
    },
    make("div", { class: "asked" }, words.formTitle),
    ...fields.map(({ element }) => element),
    make(
      "div",
      { class: "consent" },
      consent,
      make("label", { for: "consent" }, prechat.consent[language] || words.consent, more ? " " : "", more || ""),
    ),
    agree,
    make("button", { type: "submit", class: "go", "data-testid": "aitys-start" }, words.start),
  );
}

/** One field and its button. `onDone(value)`; `onCancel` when it may be left. */
export function oneField({ kind, label, intro, action, words, onDone, onCancel }) {
  const field = new Field(kind, { label, isRequired: true, words });
  return make(
    "form",
    {
      class: "ask small",
      novalidate: true,
      "data-testid": `aitys-ask-${kind}`,
      onsubmit: (event) => {
        event.preventDefault();
        if (field.check()) onDone(field.value);
        else field.input.focus();
      },
    },
    intro ? make("div", { class: "intro" }, icon("mail"), make("span", {}, intro)) : null,
    field.element,
    make(
      "div",
      { class: "row" },
      make("button", { type: "submit", class: "go", "data-testid": `aitys-give-${kind}` }, action),
      onCancel ? make("button", { type: "button", class: "plain", onclick: onCancel }, words.cancel) : null,
    ),
  );
}

function told(fields) {
  const given = { text: "", answer: "" };
  const lines = [];
  for (const { kind, label, value } of fields) {
    if (!value) continue;
    given[kind === "own" ? "answer" : kind] = value;
    lines.push(`${label}: ${value}`);
  }
  given.text = lines.join("\n");
  return given;
}

function questionOf(prechat, language) {
  const { question } = prechat;
  return question[language] || question.ru || question.kk || question.en;
}
