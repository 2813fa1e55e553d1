import { createHmac, hash } from 'node:crypto';

export const signatureAlgorithm = 'AWS4-HMAC-SHA256';

/** What a signature is valid for, beside the request: `date/region/s3/aws4_request`. */
export interface SigningScope {
  /** `20130524`. */
  readonly day: string;
  readonly region: string;
}

export function scopeText({ day, region }: SigningScope): string {
  return `${day}/${region}/s3/aws4_request`;
}

export function deriveSigningKey(secret: string, { day, region }: SigningScope): Uint8Array {
  let key: Uint8Array = hmac(Buffer.from(`AWS4${secret}`), day);
  for (const part of [region, 's3', 'aws4_request']) key = hmac(key, part);
  return key;
}

export function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** The signature, raw, of a canonical request. */
export function signCanonical(
  signingKey: Uint8Array,
  amzDate: string,
  scope: string,
  canonical: string,
  encoding: 'latin1' | 'utf8',
): Buffer {
  const digest = hash('sha256', Buffer.from(canonical, encoding));
  return hmac(signingKey, `${signatureAlgorithm}\n${amzDate}\n${scope}\n${digest}`);
}

const keysMax = 256;

/** Remembers keys derived lately: four HMACs saved on nearly every request. */
export class SigningKeys {
  readonly #keys = new Map<string, { readonly secret: string; readonly key: Uint8Array }>();

  get(accessKeyId: string, secret: string, scope: SigningScope): Uint8Array {
    const name = `${scope.day}/${scope.region}/${accessKeyId}`;
    const known = this.#keys.get(name);
    if (known !== undefined && known.secret === secret) return known.key;
    const key = deriveSigningKey(secret, scope);
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size < keysMax) break;
      this.#keys.delete(oldest);
    }
    this.#keys.set(name, { secret, key });
    return key;
  }

  get count(): number {
    return this.#keys.size;
  }
}
