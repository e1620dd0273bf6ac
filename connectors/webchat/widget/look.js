// How the widget looks. Lives in a shadow root: the page's styles and these never meet.

export const LOOK = `
:host {
  all: initial;
  --accent: #0f766e;
  --on-accent: #fff;
  --surface: #fff;
  --quiet: #f3f5f6;
  --line: #e4e8ea;
  --text: #17211f;
  --muted: #5d6b69;
  --warn: #8a4b00;
  --warn-surface: #fff4e2;
  --bad: #b42318;
  --shadow: 0 1px 2px rgb(16 32 30 / .06), 0 12px 40px rgb(16 32 30 / .18);
  --accent-text: color-mix(in oklab, var(--accent) 88%, #000);
  --accent-soft: color-mix(in oklab, var(--accent) 11%, var(--surface));
  position: fixed;
  z-index: 2147483000;
  color-scheme: light;
}
:host([data-theme="dark"]) {
  --surface: #161b1d;
  --quiet: #22292c;
  --line: #2e373a;
  --text: #e9eeee;
  --muted: #9aa8a8;
  --warn: #ffd08a;
  --warn-surface: #3a2c14;
  --bad: #ff9c92;
  --shadow: 0 0 0 1px #2e373a, 0 16px 48px rgb(0 0 0 / .5);
  --accent-text: color-mix(in oklab, var(--accent) 45%, #fff);
  --accent-soft: color-mix(in oklab, var(--accent) 26%, var(--surface));
  color-scheme: dark;
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { width: 1em; height: 1em; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; }
button, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
button { border: 0; background: none; padding: 0; cursor: pointer; touch-action: manipulation; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent-text); outline-offset: 2px; }
.root { font: 400 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif; color: var(--text); text-align: start; -webkit-font-smoothing: antialiased; }

.launcher {
  position: fixed; bottom: max(20px, env(safe-area-inset-bottom)); right: 20px;
  width: 60px; height: 60px; border-radius: 50%;
  display: grid; place-items: center;
  background: var(--accent); color: var(--on-accent);
  box-shadow: 0 2px 6px rgb(16 32 30 / .16), 0 8px 24px rgb(16 32 30 / .22);
  transition: transform .18s ease, filter .18s ease;
}
.launcher:hover { transform: translateY(-2px); filter: brightness(1.06); }
.launcher:active { transform: scale(.96); }
.launcher:focus-visible { outline: 3px solid var(--surface); outline-offset: 0; box-shadow: 0 0 0 6px var(--accent); }
.launcher .icon { width: 30px; height: 30px; }
.badge {
  position: absolute; top: -2px; inset-inline-end: -2px; min-width: 22px; height: 22px; padding: 0 6px;
  border-radius: 11px; background: #d92d20; color: #fff; font-size: 12.5px; font-weight: 650; line-height: 22px;
  text-align: center; box-shadow: 0 0 0 2px #fff; font-variant-numeric: tabular-nums;
}
.left .launcher { right: auto; left: 20px; }

.panel {
  position: fixed; right: 20px; bottom: calc(max(20px, env(safe-area-inset-bottom)) + 74px);
  width: 392px; height: min(660px, calc(100dvh - 120px)); max-width: calc(100vw - 40px);
  display: flex; flex-direction: column; overflow: hidden;
  background: var(--surface); border-radius: 20px; box-shadow: var(--shadow);
  transform-origin: bottom right; animation: rise .22s cubic-bezier(.2, .8, .2, 1);
}
.left .panel { right: auto; left: 20px; transform-origin: bottom left; }
@keyframes rise { from { opacity: 0; transform: translateY(12px) scale(.98); } }

.top { display: flex; align-items: center; gap: 12px; padding: 16px 14px 14px 18px; border-bottom: 1px solid var(--line); }
.logo { width: 40px; height: 40px; border-radius: 13px; display: grid; place-items: center; flex: none; background: var(--accent); color: var(--on-accent); font-weight: 650; font-size: 18px; }
.who { flex: 1; min-width: 0; }
.title { font-weight: 650; font-size: 16px; line-height: 1.25; letter-spacing: -.01em; overflow-wrap: anywhere; margin: 0; }
.status { display: flex; align-items: baseline; gap: 6px; color: var(--muted); font-size: 13px; line-height: 1.35; margin-top: 2px; }
.status::before { content: ""; width: 7px; height: 7px; border-radius: 50%; background: #16a34a; flex: none; transform: translateY(-1px); }
.offline .status::before { background: #d99a1c; }
.close { width: 36px; height: 36px; border-radius: 11px; display: grid; place-items: center; color: var(--muted); transition: background .15s; }
.close:hover { background: var(--quiet); color: var(--text); }
.close .icon { width: 20px; height: 20px; }

.lost { padding: 8px 18px; background: var(--warn-surface); color: var(--warn); font-size: 13px; }

.scroll { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px 16px 10px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.log { display: flex; flex-direction: column; }
.day { align-self: center; text-align: center; color: var(--muted); font-size: 12px; font-weight: 550; margin: 6px 0 10px; }
.item { display: flex; flex-direction: column; align-items: flex-start; margin-top: 3px; }
.item.first { margin-top: 14px; }
.item:first-child { margin-top: 0; }
.head { display: flex; align-items: center; gap: 7px; margin-bottom: 5px; font-size: 12.5px; color: var(--muted); max-width: 100%; }
.face { width: 24px; height: 24px; border-radius: 50%; display: grid; place-items: center; flex: none; background: var(--accent-soft); color: var(--accent-text); font-weight: 650; font-size: 12px; }
.face .icon { width: 15px; height: 15px; fill: currentColor; stroke: none; }
.name { font-weight: 600; color: var(--text); overflow-wrap: anywhere; }
.mark { font-size: 10.5px; font-weight: 650; letter-spacing: .03em; line-height: 16px; padding: 0 5px; border-radius: 5px; background: var(--accent-soft); color: var(--accent-text); }
.time { font-variant-numeric: tabular-nums; }
.body {
  max-width: min(88%, 480px); padding: 9px 13px; border-radius: 16px; background: var(--quiet);
  white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext;
}
.bot.first .body, .operator.first .body { border-start-start-radius: 5px; }
.body a { color: var(--accent-text); text-underline-offset: 2px; text-decoration-thickness: 1px; }
.body.big { background: none; font-size: 34px; line-height: 1.2; padding: 2px 0; }
.operator .body { background: var(--accent-soft); }
.contact { align-items: flex-end; }
.contact .body { background: var(--accent); color: var(--on-accent); }
.contact.first .body { border-end-end-radius: 16px; border-start-end-radius: 5px; }
.contact .body.big { background: none; }
.contact .body a { color: inherit; }
.contact[data-state="waiting"] .body { opacity: .68; }
.contact[data-state="failed"] .body { outline: 1.5px solid var(--bad); }
.foot { display: flex; align-items: center; gap: 4px; margin-top: 4px; color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.contact[data-state="failed"] .foot { color: var(--bad); }
.system, .note { align-items: center; margin: 12px 0; }
.system .body { background: none; color: var(--muted); font-size: 13px; text-align: center; padding: 0 12px; max-width: 100%; }
.source { display: flex; gap: 6px; margin-top: 8px; padding-top: 7px; border-top: 1px solid var(--line); color: var(--muted); font-size: 12.5px; line-height: 1.4; white-space: normal; }
.source .icon { margin-top: 2px; width: 14px; height: 14px; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; }
.chip {
  padding: 8px 14px; border-radius: 18px; border: 1px solid color-mix(in oklab, var(--accent) 45%, var(--line));
  color: var(--accent-text); font-size: 14px; font-weight: 500; line-height: 1.3; text-align: start; overflow-wrap: anywhere;
  background: var(--surface); transition: background .15s;
}
.chip:hover { background: var(--accent-soft); }
.dots { display: flex; align-items: center; gap: 5px; margin-top: 12px; padding: 13px 14px; width: max-content; border-radius: 16px; background: var(--quiet); }
.dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); animation: breathe 1.3s infinite ease-in-out; }
.dots i:nth-child(2) { animation-delay: .16s; }
.dots i:nth-child(3) { animation-delay: .32s; }
@keyframes breathe { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }

.bottom { padding: 10px 14px max(12px, env(safe-area-inset-bottom)); }
.composer { display: flex; align-items: flex-end; gap: 8px; padding: 5px 5px 5px 15px; border: 1px solid var(--line); border-radius: 23px; background: var(--surface); transition: border-color .15s, box-shadow .15s; }
.composer:focus-within { border-color: var(--accent); box-shadow: 0 0 0 3px color-mix(in oklab, var(--accent) 18%, transparent); }
textarea {
  flex: 1; min-width: 0; border: 0; background: none; resize: none; padding: 6px 0; margin: 0;
  font-size: 16px; line-height: 1.4; max-height: 124px; min-height: 34px; field-sizing: content; overflow-y: auto; scrollbar-width: thin;
}
textarea:focus-visible { outline: none; }
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center; flex: none; background: var(--accent); color: var(--on-accent); transition: opacity .15s, background .15s; }
.send[aria-disabled="true"] { background: var(--quiet); color: var(--muted); cursor: default; }
.send .icon { width: 19px; height: 19px; stroke-width: 2.1; }

@media (max-width: 520px) {
  .panel { inset: 0; width: 100%; max-width: none; height: 100dvh; border-radius: 0; box-shadow: none; padding-top: env(safe-area-inset-top); }
  .open .launcher { display: none; }
}
@media (max-height: 520px) and (min-width: 521px) {
  .panel { height: calc(100dvh - 24px); bottom: 12px; }
  .open .launcher { display: none; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
  .dots i { opacity: .7; }
}
@media (forced-colors: active) {
  .launcher, .send, .contact .body, .body, .chip { border: 1px solid CanvasText; }
}
`;

/** White or near-black: what reads better on a colour (WCAG's relative luminance). */
export function readableOn(colour) {
  const [red, green, blue] = [1, 3, 5].map((place) => {
    const part = parseInt(colour.slice(place, place + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.0634 ? "#fff" : "#14211f";
}
