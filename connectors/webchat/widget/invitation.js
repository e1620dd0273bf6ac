// The words that appear beside the button by themselves: once a visitor, on the pages that were chosen.

const LOOK_EVERY_MS = 1_000;

export class Invitation {
  #rules;
  #mayShow;
  #show;
  #seconds = 0;
  #timer = 0;

  /** `mayShow()`: whether it is welcome now; `show()` shows it. */
  constructor({ rules, mayShow, show }) {
    this.#rules = rules;
    this.#mayShow = mayShow;
    this.#show = show;
    if (rules && rules.after_seconds > 0) this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** Only time in front of the visitor's eyes, on a page that was chosen, counts. */
  #look() {
    if (!this.#mayShow()) {
      this.stop();
      return;
    }
    if (document.visibilityState !== "visible" || !isAmong(this.#rules.paths, location.pathname)) return;
    this.#seconds += 1;
    if (this.#seconds < this.#rules.after_seconds) return;
    this.stop();
    this.#show();
  }
}

/** Whether a path is among some such as "/catalog/*"; among none at all is every one. */
function isAmong(paths, path) {
  if (!paths || paths.length === 0) return true;
  return paths.some((one) => {
    const words = one.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${words.join(".*")}$`).test(path);
  });
}
