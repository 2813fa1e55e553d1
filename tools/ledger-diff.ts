import { LogStoreError } from '../src/base/errors.js';
import { changeRecord } from '../src/format/change-record.js';
import { toBase64 } from '../src/format/text-lines.js';
import type { LedgerArguments } from './ledger-place.js';
import { requireBlock } from './ledger-source.js';
import { LineWriter } from './line-writer.js';
import { openSource } from './open-ledger-source.js';
import { shown } from './output.js';
import { Progress } from './progress.js';

/** Versions of one key that one map has and the other has not, with their records' hashes. */
interface Difference {
  readonly removed: Map<number, string>;
  readonly added: Map<number, string>;
}

/** What the map at the height `to` has otherwise than the one at `from`, a line for each key. */
export async function ledgerDiff(
  args: LedgerArguments & { readonly from: number; readonly to: number },
): Promise<void> {
  const { from, to, json } = args;
  if (from > to) throw new LogStoreError('INVALID_ARGUMENT', `${to} is before ${from}`);
  await using source = await openSource(args);
  requireBlock(source, to);
  const differences = new Map<string, Difference>();
  {
    using progress = new Progress({ label: 'ledger diff', unit: 'blocks' });
    for (let height = from + 1; height <= to; height++) {
      for await (const text of source.changes(height)) take(differences, text);
      progress.at(height - from, to - from);
    }
  }
  const lines = new LineWriter();
  for (const name of [...differences.keys()].sort()) {
    const { removed, added } = differences.get(name) ?? { removed: new Map(), added: new Map() };
    if (removed.size + added.size === 0) continue;
    lines.write(json ? jsonOf(name, removed, added) : lineOf(name, removed, added));
  }
  lines.flush();
}

/** What comes and goes again leaves no difference. */
function take(differences: Map<string, Difference>, text: string): void {
  const change = changeRecord.decode(text);
  const [[bucket, key] = ['', '']] = change.object;
  const name = `${bucket}/${key}`;
  const difference = differences.get(name) ?? { removed: new Map(), added: new Map() };
  differences.set(name, difference);
  const { removed, added } = difference;
  for (const [version, recordHash] of change.removed)
    if (!added.delete(version)) removed.set(version, toBase64(recordHash));
  for (const [version, recordHash] of change.added) {
    const hash = toBase64(recordHash);
    if (removed.get(version) === hash) removed.delete(version);
    else added.set(version, hash);
  }
}

type Versions = ReadonlyMap<number, string>;

function lineOf(name: string, removed: Versions, added: Versions): string {
  const sign = removed.size === 0 ? '+' : added.size === 0 ? '-' : '~';
  const list = (versions: Versions) => [...versions.keys()].map((one) => `v${one}`).join(', ');
  const both = [list(removed), list(added)].filter((part) => part !== '').join(' -> ');
  return `${sign} ${shown(name)}  ${both}`;
}

function jsonOf(name: string, removed: Versions, added: Versions): string {
  const slash = name.indexOf('/');
  const [bucket, key] = [name.slice(0, slash), name.slice(slash + 1)];
  return JSON.stringify({ bucket, key, removed: [...removed.keys()], added: [...added.keys()] });
}
