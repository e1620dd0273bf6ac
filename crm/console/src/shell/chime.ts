/** Two soft notes for a customer who begins to wait. No file: the browser makes the sound itself. */
import { useLocalStorage } from "@vueuse/core";

export const soundOn = useLocalStorage("aitys-sound", true);

let context: AudioContext | null = null;

function note(audio: AudioContext, frequency: number, at: number): void {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.type = "sine";
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.12, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.5);
}

/** Silent when switched off, or as long as the browser has seen no gesture of the person. */
export function chime(): void {
  if (!soundOn.value || !navigator.userActivation?.hasBeenActive) return;
  context ??= new AudioContext();
  note(context, 660, context.currentTime);
  note(context, 880, context.currentTime + 0.14);
}
