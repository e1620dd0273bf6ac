// What tells of news outside the window: the page's title, and a sound where the visitor wants one.

const COUNTED = /^\(\d+\+?\) /;

/** Show a count in the page's title; whatever else the page writes there stays. */
export function countInTitle(count) {
  const bare = document.title.replace(COUNTED, "");
  const title = count > 0 ? `(${count > 9 ? "9+" : count}) ${bare}` : bare;
  if (document.title !== title) document.title = title;
}

/** Two soft notes, made on the spot: nothing is loaded. Fails silently where the browser forbids it. */
export function chime() {
  try {
    const Context = window.AudioContext || window.webkitAudioContext;
    const context = new Context();
    [660, 880].forEach((frequency, place) => {
      const start = context.currentTime + place * 0.12;
      const tone = context.createOscillator();
      const volume = context.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.0001, start);
      volume.gain.exponentialRampToValueAtTime(0.12, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.35);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + 0.4);
    });
    setTimeout(() => context.close(), 1_000);
  } catch {
    // No sound, then.
  }
}
