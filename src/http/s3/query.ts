import { decodePercent } from './address.js';

/** The parameters of a query string, decoded; of a name given twice the first counts. */
export class Query {
  static readonly empty = new Query('');
  readonly #values = new Map<string, string>();

  /** @throws S3Error `InvalidURI` for bad percent escapes and for what is not UTF-8 */
  constructor(rawQuery: string) {
    if (rawQuery === '') return;
    for (const pair of rawQuery.split('&')) {
      if (pair === '') continue;
      const equals = pair.indexOf('=');
      const name = decodeQueryPart(equals === -1 ? pair : pair.slice(0, equals));
      const value = equals === -1 ? '' : decodeQueryPart(pair.slice(equals + 1));
      if (!this.#values.has(name)) this.#values.set(name, value);
    }
  }

  /** The value, `''` for a name without one, or undefined. */
  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get size(): number {
    return this.#values.size;
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.#values.entries();
  }
}

/** Forms write a space as `+`; a plus sign arrives as `%2B`. */
function decodeQueryPart(raw: string): string {
  return decodePercent(raw.includes('+') ? raw.replaceAll('+', '%20') : raw);
}
