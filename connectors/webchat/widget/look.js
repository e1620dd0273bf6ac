// How the widget looks. Lives in a shadow root: the page's styles and these never meet, but for the
// variables --aitys-* that a page may set on `aitys-chat`, and its font.

export const LOOK = `
:host {
  all: initial;
  --surface: #fff;
  --quiet: #f3f5f6;
  --line: #e4e8ea;
  --text: #17211f;
  --muted: #5a6867;
  --warn: #8a4b00;
  --warn-surface: #fff4e2;
  --bad: #b42318;
  --shadow: 0 1px 2px rgba(16, 32, 30, .06), 0 12px 40px rgba(16, 32, 30, .18);
  --bottom: var(--aitys-bottom, 20px);
  --side: var(--aitys-side, 20px);
  --radius: var(--aitys-radius, 20px);
  position: fixed;
  z-index: var(--aitys-z-index, 2147483000);
  color-scheme: light;
}
:host([hidden]) { display: none; }
:host([data-theme="dark"]) {
  --surface: #161b1d;
  --quiet: #22292c;
  --line: #323c40;
  --text: #e9eeee;
  --muted: #a0adad;
  --warn: #ffd08a;
  --warn-surface: #3a2c14;
  --bad: #ff9c92;
  --shadow: 0 0 0 1px #2e373a, 0 16px 48px rgba(0, 0, 0, .5);
  color-scheme: dark;
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { width: 1em; height: 1em; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; flex: none; }
button, textarea, input { font: inherit; color: inherit; letter-spacing: inherit; }
button { border: 0; background: none; padding: 0; cursor: pointer; touch-action: manipulation; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent-text); outline-offset: 2px; }
.root {
  font: 400 15px/1.45 var(--aitys-font, var(--page-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif));
  color: var(--text); text-align: left; -webkit-font-smoothing: antialiased; -webkit-text-size-adjust: 100%;
}

.launcher {
  position: fixed; bottom: max(var(--bottom), env(safe-area-inset-bottom)); right: max(var(--side), env(safe-area-inset-right));
  min-width: 60px; height: 60px; border-radius: 30px; padding: 0 15px;
  display: flex; align-items: center; justify-content: center; gap: 10px;
  background: var(--accent); color: var(--on-accent); font-weight: 600; font-size: 15.5px;
  box-shadow: 0 2px 6px rgba(16, 32, 30, .16), 0 8px 24px rgba(16, 32, 30, .22);
  transition: transform .18s ease, filter .18s ease;
}
.launcher.wide { height: 54px; padding: 0 22px 0 17px; }
.launcher:hover { transform: translateY(-2px); filter: brightness(1.06); }
.launcher:active { transform: scale(.97); }
.launcher:focus-visible { outline: 3px solid var(--surface); outline-offset: 0; box-shadow: 0 0 0 6px var(--accent-text); }
.launcher .icon { width: 30px; height: 30px; }
.launcher.wide .icon { width: 25px; height: 25px; }
.open .launcher .label { display: none; }
.open .launcher.wide { padding: 0 15px; min-width: 54px; }
.badge {
  position: absolute; top: -2px; right: -2px; min-width: 22px; height: 22px; padding: 0 6px;
  border-radius: 11px; background: #d92d20; color: #fff; font-size: 12.5px; font-weight: 650; line-height: 22px;
  text-align: center; box-shadow: 0 0 0 2px #fff; font-variant-numeric: tabular-nums;
}
.left .launcher { right: auto; left: max(var(--side), env(safe-area-inset-left)); }

.inviting {
  position: fixed; bottom: calc(max(var(--bottom), env(safe-area-inset-bottom)) + 74px); right: max(var(--side), env(safe-area-inset-right));
  width: max-content; max-width: min(320px, calc(100vw - 40px)); display: flex; align-items: flex-start;
  background: var(--surface); border-radius: 18px; border-bottom-right-radius: 6px; box-shadow: var(--shadow); animation: rise .3s cubic-bezier(.2, .8, .2, 1);
}
.left .inviting { right: auto; left: max(var(--side), env(safe-area-inset-left)); border-bottom-right-radius: 18px; border-bottom-left-radius: 6px; }
.invitation { padding: 13px 0 14px 17px; text-align: left; line-height: 1.4; overflow-wrap: anywhere; border-radius: 16px; }
.inviting .tiny { margin: 8px 8px 0 6px; }

.panel {
  position: fixed; right: max(var(--side), env(safe-area-inset-right)); bottom: calc(max(var(--bottom), env(safe-area-inset-bottom)) + 74px);
  width: var(--aitys-width, 392px); height: min(var(--aitys-height, 660px), calc(100vh - 120px)); max-width: calc(100vw - 40px);
  display: flex; flex-direction: column; overflow: hidden;
  background: var(--surface); border-radius: var(--radius); box-shadow: var(--shadow);
  transform-origin: bottom right; animation: rise .22s cubic-bezier(.2, .8, .2, 1);
}
.left .panel { right: auto; left: max(var(--side), env(safe-area-inset-left)); transform-origin: bottom left; }
@keyframes rise { from { opacity: 0; transform: translateY(12px) scale(.98); } }

.top { display: flex; align-items: center; gap: 4px; padding: 16px 12px 14px 18px; border-bottom: 1px solid var(--line); }
.logo { width: 40px; height: 40px; border-radius: 13px; display: grid; place-items: center; flex: none; background: var(--accent); color: var(--on-accent); font-weight: 650; font-size: 18px; overflow: hidden; }
.logo img { width: 100%; height: 100%; object-fit: cover; }
.who { flex: 1; min-width: 0; margin: 0 4px 0 8px; }
.title { font-weight: 650; font-size: 16px; line-height: 1.25; letter-spacing: -.01em; overflow-wrap: anywhere; margin: 0; }
.status { display: flex; align-items: baseline; gap: 6px; color: var(--muted); font-size: 13px; line-height: 1.35; margin-top: 2px; }
.status::before { content: ""; width: 7px; height: 7px; border-radius: 50%; background: #16a34a; flex: none; transform: translateY(-1px); }
.offline .status::before, .closed .status::before { background: #d99a1c; }
.tool { width: 36px; height: 36px; border-radius: 11px; display: grid; place-items: center; flex: none; color: var(--muted); transition: background .15s; }
.tool:hover { background: var(--quiet); color: var(--text); }
.tool .icon { width: 20px; height: 20px; }
.tiny { width: 30px; height: 30px; border-radius: 9px; display: grid; place-items: center; flex: none; color: var(--muted); }
.tiny:hover { background: var(--line); color: var(--text); }
.tiny .icon { width: 17px; height: 17px; }

.lost { padding: 8px 18px; background: var(--warn-surface); color: var(--warn); font-size: 13px; }

.scroll { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 16px 16px 10px; scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
.log { display: flex; flex-direction: column; }
.older { display: block; margin: 0 auto 14px; padding: 6px 14px; border-radius: 14px; color: var(--accent-text); font-size: 13px; font-weight: 550; background: var(--accent-soft); }
.day { align-self: center; text-align: center; color: var(--muted); font-size: 12px; font-weight: 550; margin: 6px 0 10px; }
.fresh { align-self: stretch; display: flex; align-items: center; gap: 10px; color: var(--accent-text); font-size: 12px; font-weight: 600; margin: 4px 0 12px; }
.fresh::before, .fresh::after { content: ""; flex: 1; height: 1px; background: var(--accent-line); }
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
.bot.first .body, .operator.first .body { border-top-left-radius: 5px; }
.body a { color: var(--accent-text); text-underline-offset: 2px; text-decoration-thickness: 1px; }
.body strong { font-weight: 650; }
.body code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; padding: 1px 5px; border-radius: 5px; background: var(--surface); }
.body.big { background: none; font-size: 34px; line-height: 1.2; padding: 2px 0; }
.body.bare { padding: 0; height: 1px; overflow: hidden; background: none; }
.operator .body { background: var(--accent-soft); }
.operator .body.big, .operator .body.bare { background: none; }
.contact { align-items: flex-end; }
.contact .body { background: var(--accent); color: var(--on-accent); }
.contact.first .body { border-top-right-radius: 5px; }
.contact .body.big, .contact .body.bare { background: none; }
.contact .body a { color: inherit; }
.contact[data-state="waiting"] .body, .contact[data-state="waiting"] .files { opacity: .72; }
.contact[data-state="failed"] .body { outline: 1.5px solid var(--bad); }
.quote { border-left: 3px solid var(--accent-text); padding-left: 9px; margin-bottom: 6px; color: var(--muted); font-size: 13.5px; line-height: 1.35; max-height: 4.05em; overflow: hidden; }
.contact .quote { border-color: currentColor; color: inherit; opacity: .85; }
.foot { display: flex; align-items: center; gap: 4px; margin-top: 4px; color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.foot .icon { width: 14px; height: 14px; }
.contact[data-state="failed"] .foot { color: var(--bad); }
.system, .note { align-items: center; margin: 12px 0; }
.system .body { background: none; color: var(--muted); font-size: 13px; text-align: center; padding: 0 12px; max-width: 100%; }
.source { display: flex; gap: 6px; margin-top: 8px; padding-top: 7px; border-top: 1px solid var(--line); color: var(--muted); font-size: 12.5px; line-height: 1.4; white-space: normal; }
.source .icon { margin-top: 2px; width: 14px; height: 14px; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; max-width: 100%; }
.chip {
  display: inline-block; padding: 8px 14px; border-radius: 18px; border: 1px solid var(--accent-line); text-decoration: none;
  color: var(--accent-text); font-size: 14px; font-weight: 500; line-height: 1.3; text-align: left; overflow-wrap: anywhere;
  background: var(--surface); transition: background .15s;
}
.chip:hover { background: var(--accent-soft); }
.forming .greeting .chips { display: none; }
.chips .ask { width: min(330px, calc(100vw - 36px)); }

.files { display: flex; flex-direction: column; align-items: flex-start; gap: 6px; margin-top: 4px; max-width: 88%; }
.contact .files { align-items: flex-end; }
.file { display: flex; align-items: center; gap: 11px; max-width: 100%; padding: 9px 15px 9px 10px; border: 1px solid var(--line); border-radius: 15px; color: inherit; text-decoration: none; background: var(--surface); }
a.file:hover { background: var(--quiet); }
.leaf { width: 38px; height: 38px; border-radius: 10px; display: grid; place-items: center; flex: none; background: var(--accent-soft); color: var(--accent-text); overflow: hidden; }
.leaf .icon { width: 21px; height: 21px; }
.leaf canvas { width: 100%; height: 100%; object-fit: cover; }
.about { min-width: 0; flex: 1; display: flex; flex-direction: column; line-height: 1.3; }
.filename { font-size: 14px; font-weight: 550; overflow: hidden; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow-wrap: anywhere; }
.size { color: var(--muted); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.shot { display: block; border-radius: 16px; overflow: hidden; border: 1px solid var(--line); background: var(--quiet); line-height: 0; max-width: 260px; }
.picture { display: block; max-width: 100%; height: auto; }
.shot .picture:not(.drawn) { width: 200px; height: 130px; }
.shot .picture { max-height: 260px; object-fit: cover; }

.dots { display: flex; align-items: center; gap: 5px; margin-top: 12px; padding: 13px 14px; width: max-content; border-radius: 16px; background: var(--quiet); }
.dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); animation: breathe 1.3s infinite ease-in-out; }
.dots i:nth-child(2) { animation-delay: .16s; }
.dots i:nth-child(3) { animation-delay: .32s; }
@keyframes breathe { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }

.asking { margin-top: 14px; }
.ask { display: flex; flex-direction: column; gap: 10px; padding: 14px 15px 15px; border: 1px solid var(--line); border-radius: 18px; background: var(--surface); }
.asked { font-weight: 650; font-size: 15.5px; line-height: 1.3; }
.intro { display: flex; gap: 9px; font-size: 14px; line-height: 1.4; }
.intro .icon { width: 19px; height: 19px; margin-top: 1px; color: var(--accent-text); }
.field { display: flex; flex-direction: column; gap: 5px; min-width: 0; }
.field label { font-size: 13px; font-weight: 550; }
.note { font-weight: 400; color: var(--muted); }
.field input {
  width: 100%; min-width: 0; height: 40px; padding: 0 12px; font-size: 16px; border: 1px solid #85918f; border-radius: 11px; background: var(--surface); color: var(--text);
}
.field input:focus-visible { outline: none; border-color: var(--accent-text); box-shadow: 0 0 0 3px var(--accent-ring); }
.field input[aria-invalid="true"] { border-color: var(--bad); }
.complaint { color: var(--bad); font-size: 12.5px; line-height: 1.35; }
.consent { display: flex; gap: 10px; font-size: 12.5px; line-height: 1.4; color: var(--muted); }
.consent input { width: 20px; height: 20px; flex: none; margin: 0; accent-color: var(--accent-text); }
.consent a { color: var(--accent-text); }
.row { display: flex; flex-wrap: wrap; gap: 8px; }
.go { min-height: 42px; padding: 8px 18px; border-radius: 12px; background: var(--accent); color: var(--on-accent); font-weight: 600; }
.go:hover { filter: brightness(1.06); }
.plain { min-height: 42px; padding: 8px 12px; border-radius: 12px; color: var(--muted); font-weight: 550; }
.plain:hover { background: var(--quiet); }

.bottom { padding: 10px 14px max(12px, env(safe-area-inset-bottom)); }
.composer { border: 1px solid #a3aeac; border-radius: 23px; background: var(--surface); transition: border-color .15s, box-shadow .15s; }
:host([data-theme="dark"]) .composer { border-color: #55625f; }
.composer:focus-within { border-color: var(--accent-text); box-shadow: 0 0 0 3px var(--accent-ring); }
.line { display: flex; align-items: flex-end; gap: 6px; padding: 4px 5px; }
.line.bare { padding-left: 15px; }
.tray { list-style: none; margin: 0; padding: 7px 7px 0; display: flex; flex-direction: column; gap: 6px; max-height: 178px; overflow-y: auto; }
.upload { display: flex; align-items: center; gap: 10px; padding: 6px; border-radius: 16px; background: var(--quiet); }
.upload .filename { -webkit-line-clamp: 1; }
.upload[data-state="failed"] .size { color: var(--bad); }
progress { appearance: none; -webkit-appearance: none; width: 100%; height: 4px; margin-top: 4px; border: 0; border-radius: 2px; background: var(--line); overflow: hidden; }
progress::-webkit-progress-bar { background: var(--line); }
progress::-webkit-progress-value { background: var(--accent-text); }
progress::-moz-progress-bar { background: var(--accent-text); }
.attach { width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center; flex: none; color: var(--muted); }
.attach:hover { background: var(--quiet); color: var(--text); }
.attach .icon { width: 21px; height: 21px; }
textarea {
  flex: 1; min-width: 0; border: 0; background: none; resize: none; padding: 7px 0 6px; margin: 0;
  font-size: 16px; line-height: 1.4; max-height: 124px; min-height: 36px; field-sizing: content; overflow-y: auto; scrollbar-width: thin;
}
textarea:focus-visible { outline: none; }
textarea::placeholder { color: var(--muted); opacity: 1; }
.send { width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center; flex: none; background: var(--accent); color: var(--on-accent); transition: opacity .15s, background .15s; }
.send[aria-disabled="true"] { background: var(--quiet); color: var(--muted); cursor: default; }
.send .icon { width: 19px; height: 19px; stroke-width: 2.1; }
.dropping { position: absolute; inset: 8px; display: grid; place-items: center; border: 2px dashed var(--accent-text); border-radius: 16px; background: var(--accent-soft); color: var(--accent-text); font-weight: 600; pointer-events: none; }

@media (max-width: 520px) {
  .panel {
    top: var(--view-top, 0px); right: 0; bottom: auto; left: 0; width: 100%; max-width: none; height: var(--view-height, 100vh);
    border-radius: 0; box-shadow: none; padding-top: env(safe-area-inset-top);
  }
  .left .panel { left: 0; right: 0; }
  .open .launcher { display: none; }
  .tool { width: 42px; height: 42px; }
}
@media (max-height: 520px) and (min-width: 521px) {
  .panel { height: calc(100vh - 24px); bottom: 12px; }
  .open .launcher { display: none; }
}
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
  .launcher:hover, .launcher:active { transform: none; }
  .dots i { opacity: .7; }
}
@media (forced-colors: active) {
  .launcher, .send, .contact .body, .body, .chip, .go { border: 1px solid CanvasText; }
}
@media print { :host { display: none !important; } }
`;
