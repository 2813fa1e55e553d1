import { LogStoreError } from '../src/base/errors.js';
import { changeRecord } from '../src/format/change-record.js';
import type { LedgerBlock } from '../src/format/ledger-block.js';
import type { LedgerArguments } from './ledger-place.js';
import { requireBlock } from './ledger-source.js';
import { LineWriter } from './line-writer.js';
import { openSource } from './open-ledger-source.js';
import { print, shown, shownTime } from './output.js';

/** A line for each block. */
export async function ledgerLog(
  args: LedgerArguments & { readonly from: number | undefined },
): Promise<void> {
  const { json, from = 0 } = args;
  await using source = await openSource(args);
  const lines = new LineWriter();
  for (let height = from; height < source.size; height++) {
    const { block } = await source.block(height);
    lines.write(json ? JSON.stringify(factsOf(block)) : lineOf(block));
  }
  lines.flush();
  const { broken } = source;
  if (broken !== undefined) throw new LogStoreError('LEDGER_BROKEN', shown(broken));
}

/** A block as it is, and a line for each of its changes. */
export async function ledgerShow(
  args: LedgerArguments & { readonly height: number },
): Promise<void> {
  const { json, height } = args;
  await using source = await openSource(args);
  requireBlock(source, height);
  const { text, block } = await source.block(height);
  const lines = new LineWriter();
  if (json) lines.write(JSON.stringify(factsOf(block)));
  else await print(`${text}\n`);
  for await (const change of source.changes(height)) {
    const { version, time, object, removed, added } = changeRecord.decode(change);
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

function factsOf(block: LedgerBlock) {
  const hex = (hash: Uint8Array) => Buffer.from(hash).toString('hex');
  const { height, time, versions, map, delta } = block;
  return {
    ...{ height, time: shownTime(time), versionFirst: versions[0], versionNext: versions[1] },
    ...{ keys: map[0], mapRoot: hex(map[1]), changes: delta[0], deltaRoot: hex(delta[1]) },
  };
}

function lineOf(block: LedgerBlock): string {
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
