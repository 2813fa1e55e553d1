/** Any text, in a pattern of codes. */
export const anyText = -1;
export const anyCharacter = -2;

const wordBits = 32;

/**
 * A pattern of character codes and wildcards, made ready to be looked for. Patterns and texts may
 * both be a tenant's, and a thousand keys be asked for at once: it takes the text's length for each
 * 32 characters of a piece between two `*`, and no more.
 */
export class Wildcards {
  readonly #pieces: readonly Piece[];

  constructor(codes: readonly number[]) {
    const pieces: number[][] = [[]];
    for (const code of codes) {
      if (code === anyText) pieces.push([]);
      else pieces.at(-1)?.push(code);
    }
    this.#pieces = pieces.map((piece) => new Piece(piece));
  }

  matches(text: string): boolean {
    const [first, ...others] = this.#pieces;
    const last = others.pop();
    if (first === undefined || last === undefined)
      return first?.length === text.length && first.fitsAt(text, 0);
    const end = text.length - last.length;
    if (end < first.length || !first.fitsAt(text, 0) || !last.fitsAt(text, end)) return false;
    let at = first.length;
    for (const piece of others) {
      const found = piece.find(text, at, end); // the earliest leaves most to the next
      if (found === -1) return false;
      at = found + piece.length;
    }
    return true;
  }
}

/** Codes without `*`. */
class Piece {
  readonly length: number;
  readonly #codes: string | readonly number[];

  constructor(codes: readonly number[]) {
    this.length = codes.length;
    this.#codes = codes.includes(anyCharacter) ? codes : textOf(codes);
  }

  fitsAt(text: string, at: number): boolean {
    const codes = this.#codes;
    if (typeof codes === 'string') return text.startsWith(codes, at);
    return codes.every(
      (code, index) => code === anyCharacter || code === text.charCodeAt(at + index),
    );
  }

  /** Where it is first between the two places, or -1. */
  find(text: string, from: number, end: number): number {
    const codes = this.#codes;
    if (typeof codes !== 'string') return this.#search(codes, text, from, end);
    const at = text.indexOf(codes, from);
    return at + this.length > end ? -1 : at;
  }

  /** Shift-and (Baeza-Yates and Gonnet, 1992): a bit for each beginning that fits so far. */
  #search(codes: readonly number[], text: string, from: number, end: number): number {
    const { masks, others } = masksOf(codes);
    const fitting = new Uint32Array(others.length);
    const last = this.length - 1;
    for (let at = from; at < end; at += 1) {
      const mask = masks.get(text.charCodeAt(at)) ?? others;
      let carried = 1;
      for (let word = 0; word < fitting.length; word += 1) {
        const before = fitting[word] ?? 0;
        fitting[word] = ((before << 1) | carried) & (mask[word] ?? 0);
        carried = before >>> (wordBits - 1);
      }
      const isWhole = (fitting.at(-1) ?? 0) & (1 << (last % wordBits));
      if (isWhole !== 0) return at - last;
    }
    return -1;
  }
}

/** For each code a bit where it may stand. Not kept: of long pieces they are large. */
function masksOf(codes: readonly number[]) {
  const others = new Uint32Array(Math.ceil(codes.length / wordBits));
  const masks = new Map<number, Uint32Array>();
  for (const [index, code] of codes.entries()) if (code === anyCharacter) setBit(others, index);
  for (const [index, code] of codes.entries()) {
    if (code === anyCharacter) continue;
    const mask = masks.get(code) ?? others.slice();
    setBit(mask, index);
    masks.set(code, mask);
  }
  return { masks, others };
}

function setBit(words: Uint32Array, index: number): void {
  const word = Math.floor(index / wordBits);
  words[word] = (words[word] ?? 0) | (1 << (index % wordBits));
}

export function textOf(codes: readonly number[]): string {
  let text = '';
  for (const code of codes) text += String.fromCharCode(code);
  return text;
}
