import { isLogStoreError, LogStoreError } from '../src/base/errors.js';
import { type LedgerBlock, ledgerBlock } from '../src/format/ledger-block.js';
import { decodeEntryBundle, tilePath, tileWidth } from '../src/ledger/tiles.js';
import type { ChangesPage, PrunedPage } from '../src/store/types.js';
import type { LedgerSource } from './ledger-source.js';
import { PublishedLog } from './published-log.js';
import { readAnswer } from './s3-answer.js';
import { S3Client, type S3ClientOptions } from './s3-client.js';

/** The routes of a running server below `/_/ledger`. */
export class LedgerEndpoint implements AsyncDisposable {
  readonly #client: S3Client;

  constructor(options: S3ClientOptions) {
    this.#client = new S3Client(options);
  }

  /** @throws LogStoreError `NOT_SEALED` for what is not there; as the server answers */
  async get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Buffer> {
    const key = path === '' ? 'ledger' : `ledger/${path}`;
    return await readAnswer(await this.#client.request({ method: 'GET', bucket: '_', key, query }));
  }

  /** A published file; undefined if there is none. */
  readonly file = async (path: string): Promise<Uint8Array | undefined> => {
    try {
      return await this.get(path);
    } catch (error) {
      if (isLogStoreError(error, 'NOT_SEALED')) return undefined;
      throw error;
    }
  };

  async *changes(height: number): AsyncGenerator<string> {
    for await (const page of this.#pages<ChangesPage>(`block/${height}/changes`))
      yield* page.changes;
  }

  /** What is left of changes that were pruned, in order; one page at least. */
  pruned(): AsyncGenerator<PrunedPage> {
    return this.#pages('pruned');
  }

  async *#pages<P extends ChangesPage>(path: string): AsyncGenerator<P> {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const page: P = JSON.parse((await this.get(path, { from: String(from) })).toString());
      yield page;
      if (page.next !== undefined && page.next <= from)
        throw new LogStoreError('IO', `${path} goes round in circles`);
      from = page.next;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }
}

/** The signed blocks of a running server, as it shows them: `ledger verify` checks them. */
export async function endpointSource(options: S3ClientOptions): Promise<LedgerSource> {
  const endpoint = new LedgerEndpoint(options);
  const log = await PublishedLog.open(endpoint.file);
  const { origin, size } = log.checkpoint;
  let bundle: { readonly index: number; readonly entries: readonly Uint8Array[] } | undefined;
  const block = async (height: number): Promise<{ text: string; block: LedgerBlock }> => {
    const index = Math.floor(height / tileWidth);
    if (bundle?.index !== index) {
      const width = Math.min(tileWidth, size - index * tileWidth);
      const tile = { level: 'entries', index, width } as const;
      const entries = decodeEntryBundle(await log.tile(tile));
      if (entries === undefined) throw new LogStoreError('IO', `${tilePath(tile)} is no bundle`);
      bundle = { index, entries };
    }
    const text = Buffer.from(bundle.entries[height % tileWidth] ?? []).toString();
    return { text, block: ledgerBlock.decode(text) };
  };
  return {
    ...{ origin, size, block },
    changes: (height) => endpoint.changes(height),
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}
