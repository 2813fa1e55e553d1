/** A body that says who wrote it: `tag` ends with its size, and all its bytes follow from it. */
export function bodyOf(tag: string): Buffer {
  const sizeBytes = Number(tag.slice(tag.lastIndexOf('.') + 1));
  const line = Buffer.from(`${tag}\n`);
  return Buffer.alloc(Math.max(sizeBytes, line.length), line);
}

/** The tag that a body begins with. */
export function tagOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(10);
  return end < 0 ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, end).toString();
}

export function isBodyOf(tag: string, bytes: Uint8Array): boolean {
  return bodyOf(tag).equals(bytes);
}
