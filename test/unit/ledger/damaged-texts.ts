const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text with one bit flipped; undefined where that is no UTF-8, and nobody's text. */
export function withBitFlipped(text: string, bit: number): string | undefined {
  const bytes = new TextEncoder().encode(text);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

export function bitCount(text: string): number {
  return 8 * new TextEncoder().encode(text).length;
}

/** Each text in which one line is dropped or repeated, or two are swapped. */
export function* withLinesMoved(text: string): Generator<string> {
  const lines = text.split('\n').slice(0, -1);
  const joined = (edited: readonly string[]) => `${edited.join('\n')}\n`;
  for (const [at, line] of lines.entries()) {
    yield joined(lines.toSpliced(at, 1));
    yield joined(lines.toSpliced(at, 0, line));
    for (let other = 0; other < at; other++) {
      const swapped = joined(lines.with(at, lines[other] ?? '').with(other, line));
      if (swapped !== text) yield swapped;
    }
  }
}
