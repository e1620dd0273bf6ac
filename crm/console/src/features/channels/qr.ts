/** QR codes of short texts (ISO/IEC 18004): bytes, error correction M, versions 1 to 10. */

/** Of each version: error correction bytes a block, and the data bytes of each block. */
const BLOCKS: [number, number[]][] = [
  [10, [16]],
  [16, [28]],
  [26, [44]],
  [18, [32, 32]],
  [24, [43, 43]],
  [16, [27, 27, 27, 27]],
  [18, [31, 31, 31, 31]],
  [22, [38, 38, 39, 39]],
  [22, [36, 36, 36, 37, 37]],
  [26, [43, 43, 43, 43, 44]],
];
const ALIGNMENT = [[], [6, 18], [6, 22], [6, 26], [6, 30], [6, 34], [6, 22, 38], [6, 24, 42], [6, 26, 46], [6, 28, 50]];

function multiply(one: number, two: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    product ^= ((two >>> bit) & 1) * one;
  }
  return product;
}

function correction(data: number[], count: number): number[] {
  const divisor: number[] = Array.from({ length: count }, (_, place) => (place === count - 1 ? 1 : 0));
  let root = 1;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      divisor[j] = multiply(divisor[j]!, root);
      if (j + 1 < count) divisor[j]! ^= divisor[j + 1]!;
    }
    root = multiply(root, 2);
  }
  const rest: number[] = Array.from({ length: count }, () => 0);
  for (const byte of data) {
    const factor = byte ^ rest.shift()!;
    rest.push(0);
    divisor.forEach((value, place) => (rest[place]! ^= multiply(value, factor)));
  }
  return rest;
}

function codewords(bytes: Uint8Array, version: number): number[] {
  const [ecc, sizes] = BLOCKS[version - 1]!;
  const room = sizes.reduce((sum, size) => sum + size, 0);
  const bits: number[] = [];
  const put = (value: number, length: number) => {
    for (let bit = length - 1; bit >= 0; bit--) bits.push((value >>> bit) & 1);
  };
  put(4, 4);
  put(bytes.length, version < 10 ? 8 : 16);
  for (const byte of bytes) put(byte, 8);
  put(0, Math.min(4, room * 8 - bits.length));
  put(0, (8 - (bits.length % 8)) % 8);
  for (let pad = 0xec; bits.length < room * 8; pad ^= 0xec ^ 0x11) put(pad, 8);
  const data = Array.from({ length: room }, (_, place) => bits.slice(place * 8, place * 8 + 8).reduce((value, bit) => (value << 1) | bit, 0));
  let start = 0;
  const blocks = sizes.map((size) => data.slice(start, (start += size)));
  const checks = blocks.map((block) => correction(block, ecc));
  const woven: number[] = [];
  for (let place = 0; place < Math.max(...sizes); place++) for (const block of blocks) if (place < block.length) woven.push(block[place]!);
  for (let place = 0; place < ecc; place++) for (const block of checks) woven.push(block[place]!);
  return woven;
}

type Grid = (boolean | null)[][];

/** Everything but the data: finders, timing, alignment, version; the places of the format are kept. */
function frame(version: number): Grid {
  const size = version * 4 + 17;
  const grid: Grid = Array.from({ length: size }, () => Array.from({ length: size }, () => null));
  const set = (x: number, y: number, dark: boolean) => {
    if (x >= 0 && y >= 0 && x < size && y < size) grid[y]![x] = dark;
  };
  for (let place = 0; place < size; place++) {
    set(6, place, place % 2 === 0);
    set(place, 6, place % 2 === 0);
  }
  for (const [cx, cy] of [[3, 3], [size - 4, 3], [3, size - 4]] as const)
    for (let dy = -4; dy <= 4; dy++)
      for (let dx = -4; dx <= 4; dx++) {
        const far = Math.max(Math.abs(dx), Math.abs(dy));
        set(cx + dx, cy + dy, far !== 2 && far !== 4);
      }
  const places = ALIGNMENT[version - 1]!;
  const last = places.length - 1;
  places.forEach((cx, i) =>
    places.forEach((cy, j) => {
      if ((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0)) return;
      for (let dy = -2; dy <= 2; dy++) for (let dx = -2; dx <= 2; dx++) set(cx + dx, cy + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
    }),
  );
  if (version >= 7) {
    let rest = version;
    for (let i = 0; i < 12; i++) rest = (rest << 1) ^ ((rest >>> 11) * 0x1f25);
    const bits = (version << 12) | rest;
    for (let i = 0; i < 18; i++) {
      const dark = ((bits >>> i) & 1) === 1;
      set(size - 11 + (i % 3), Math.floor(i / 3), dark);
      set(Math.floor(i / 3), size - 11 + (i % 3), dark);
    }
  }
  format(grid, 0);
  return grid;
}

function format(grid: Grid, mask: number): void {
  const size = grid.length;
  let rest = mask; // error correction M is 00
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >>> 9) * 0x537);
  const bits = ((mask << 10) | rest) ^ 0x5412;
  const dark = (place: number) => ((bits >>> place) & 1) === 1;
  for (let i = 0; i <= 5; i++) grid[i]![8] = dark(i);
  grid[7]![8] = dark(6);
  grid[8]![8] = dark(7);
  grid[8]![7] = dark(8);
  for (let i = 9; i < 15; i++) grid[8]![14 - i] = dark(i);
  for (let i = 0; i < 8; i++) grid[8]![size - 1 - i] = dark(i);
  for (let i = 8; i < 15; i++) grid[size - 15 + i]![8] = dark(i);
  grid[size - 8]![8] = true;
}

/** The dark squares of a text's code, row by row; null for one too long. Any mask can be read: the chequered one is taken. */
export function qrMatrix(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex(([, sizes], at) => sizes.reduce((sum, size) => sum + size, 0) * 8 >= 4 + (at < 9 ? 8 : 16) + bytes.length * 8) + 1;
  if (!version) return null;
  const words = codewords(bytes, version);
  const grid = frame(version);
  const size = grid.length;
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++)
      for (let side = 0; side < 2; side++) {
        const x = right - side;
        const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
        if (grid[y]![x] !== null) continue;
        const dark = bit < words.length * 8 && ((words[bit >>> 3]! >>> (7 - (bit & 7))) & 1) === 1;
        grid[y]![x] = dark !== ((x + y) % 2 === 0);
        bit += 1;
      }
  }
  return grid as boolean[][];
}

/** The squares as one path, moved right and down by a quiet edge. */
export function qrPath(matrix: boolean[][], edge: number): string {
  return matrix.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x + edge} ${y + edge}h1v1h-1z`] : []))).join("");
}
