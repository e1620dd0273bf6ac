// Colours that read well, whatever accent was chosen (WCAG 2.2: 4.5 to 1 for texts).

const LIGHT = { surface: "#ffffff", quiet: "#f3f5f6", line: "#e4e8ea", end: "#000000", soft: 0.1 };
const DARK = { surface: "#161b1d", quiet: "#22292c", line: "#323c40", end: "#ffffff", soft: 0.24 };
const READABLE = 4.6;

/** The style's variables that follow from an accent. */
export function palette(accent, isDark) {
  const { surface, quiet, line, end, soft: share } = isDark ? DARK : LIGHT;
  const soft = mix(surface, accent, share);
  let text = accent;
  const isReadable = () => [surface, quiet, soft].every((ground) => contrast(text, ground) >= READABLE);
  for (let part = 0; part <= 1 && !isReadable(); part += 0.05) text = mix(accent, end, part);
  return {
    "--accent": accent,
    "--on-accent": readableOn(accent),
    "--accent-text": text,
    "--accent-soft": soft,
    "--accent-line": mix(line, text, 0.45),
    "--accent-ring": mix(surface, text, 0.2),
  };
}

/** White or near-black: what reads better on a colour. On a middle grey only black does. */
function readableOn(colour) {
  const [light, dark] = ["#ffffff", "#101817"].map((one) => contrast(one, colour));
  if (Math.max(light, dark) < READABLE) return "#000000";
  return light >= dark ? "#ffffff" : "#101817";
}

function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function parts(colour) {
  return [1, 3, 5].map((place) => parseInt(colour.slice(place, place + 2), 16));
}

function luminance(colour) {
  const [red, green, blue] = parts(colour).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function mix(one, other, share) {
  const [from, to] = [parts(one), parts(other)];
  const mixed = from.map((part, place) => Math.round(part + (to[place] - part) * share));
  return `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
