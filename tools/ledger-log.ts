import { LogStoreError } from '../src/base/errors.js';
import { changeRecord } from '../src/format/change-record.js';
import { nodeHost } from '../src/host/node-host.js';
import type { StoredBlock } from '../src/ledger/ledger-log.js';
import { readLedger } from '../src/store/ledger-reports.js';
import { LineWriter } from './line-writer.js';
import { print, shown, shownTime } from './output.js';

export interface LedgerPlace {
  readonly dir: string;
  readonly json: boolean;
}

/** A line for each block. */
export async function ledgerLog({
  dir,
  json,
  from = 0,
}: LedgerPlace & { readonly from: number | undefined }): Promise<void> {
  await using opened = await readLedger(nodeHost(dir));
  const lines = new LineWriter();
  for (let height = from; height < opened.ledger.size; height++) {
    const stored = await opened.ledger.block(height);
    lines.write(json ? JSON.stringify(factsOf(stored)) : lineOf(stored));
  }
  lines.flush();
}

/** A block as it is, and a line for each of its changes. */
export async function ledgerShow({
  dir,
  json,
  height,
}: LedgerPlace & { readonly height: number }): Promise<void> {
  await using opened = await readLedger(nodeHost(dir));
  const { ledger } = opened;
  if (height >= ledger.size) {
    throw new LogStoreError(
      'INVALID_ARGUMENT',
      `there is no block ${height}: ${ledger.size} in all`,
    );
  }
  const stored = await ledger.block(height);
  const lines = new LineWriter();
  if (json) lines.write(JSON.stringify(factsOf(stored)));
  else await print(`${stored.text}\n`);
  for (const { text } of await ledger.changes(stored)) {
    const { version, time, object, removed, added } = changeRecord.decode(text);
    const [[bucket, key] = ['', '']] = object;
    const did = { version, bucket, key, removed: removed.map(([v]) => v), added: added.length > 0 };
    if (json) lines.write(JSON.stringify({ ...did, time: shownTime(time) }));
    else {
      const gone = did.removed.length === 0 ? '' : `, in place of v${did.removed.join(', v')}`;
      const what = did.added ? `put${gone}` : `removed v${did.removed.join(', v')}`;
      lines.write(`v${version}  ${shownTime(time)}  ${shown(`${bucket}/${key}`)}  ${what}`);
    }
  }
  lines.flush();
}

function factsOf({ block }: StoredBlock) {
  const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');
  const { height, time, versions, map, delta } = block;
  return {
    ...{ height, time: shownTime(time), versionFirst: versions[0], versionNext: versions[1] },
    ...{ keys: map[0], mapRoot: hex(map[1]), changes: delta[0], deltaRoot: hex(delta[1]) },
  };
}

function lineOf({ block }: StoredBlock): string {
  const { height, time, versions, map, delta } = block;
  const root = Buffer.from(map[1]).toString('hex').slice(0, 16);
  const range = `v${versions[0]}..v${versions[1] - 1}`;
  const sealed = versions[0] === versions[1] ? 'no change' : range;
  return [
    String(height).padStart(8),
    shownTime(time),
    `${delta[0]} changes`.padStart(14),
    sealed.padEnd(22),
    `${map[0]} keys, root ${root}...`,
  ].join('  ');
}
