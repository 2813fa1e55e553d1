/** Fields in JSON for any language: bytes as `{ "hex": "..." }`, what is undefined left out. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [name: string]: Plain };

export function toPlain(value: unknown): Plain {
  if (value instanceof Uint8Array) return { hex: toHex(value) };
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value === 'object' && value !== null) {
    const named = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(named.map(([name, field]) => [name, toPlain(field)]));
  }
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'string') return value;
  throw new TypeError(`no plain JSON for ${typeof value}`);
}

export function fromPlain(plain: Plain): unknown {
  if (Array.isArray(plain)) return plain.map(fromPlain);
  if (typeof plain !== 'object' || plain === null) return plain;
  const fields = Object.entries(plain);
  const [first] = fields;
  if (fields.length === 1 && first?.[0] === 'hex' && typeof first[1] === 'string') {
    return fromHex(first[1]);
  }
  return Object.fromEntries(fields.map(([name, field]) => [name, fromPlain(field)]));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}
