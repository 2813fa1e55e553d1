import { bytesToHex } from '@noble/hashes/utils.js';
import type { Change } from '../src/format/change-record.js';
import { digest, objectName } from '../src/format/text-lines.js';
import type { KeySet } from '../src/ledger/keys.js';
import type { ProvenBlock, ProvenObject } from '../src/ledger/verify.js';
import { shown, shownTime } from './output.js';

/** A line for people. */
export interface Fact {
  readonly name: string;
  readonly text: string;
}

/** What was proven: a sentence and lines for people, values for programs. */
export interface Shown {
  readonly claim: string;
  readonly facts: readonly Fact[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** Times beyond what a calendar holds are shown as the number that they are. */
const calendarMsMax = 8.64e15;

export function objectFacts(proven: ProvenObject): Shown {
  const { head, change } = proven;
  const of = blockFacts(proven);
  const [object] = head.object.map((one) => objectName.write(one));
  const common = { claim: head.claim, object, version: head.version[0], ...of.values };
  const more = change !== undefined ? changeFacts(change) : recordFacts(proven);
  const found = head.claim === 'listing' ? leafFacts(head.leaf) : more;
  return {
    claim: sentence(proven),
    facts: [...of.facts, ...found.facts],
    values: { ...common, ...found.values },
  };
}

function changeFacts({ version, time, object, added, removed }: Change): Omit<Shown, 'claim'> {
  const versionsOf = (all: Change['added']) => all.map(([one]) => one);
  return {
    facts: [fact('version', String(version)), fact('done at', timeText(time))],
    values: {
      ...{ version, doneUnixMs: time, object: object.map((one) => objectName.write(one))[0] },
      ...{ added: versionsOf(added), removed: versionsOf(removed) },
    },
  };
}

function recordFacts({
  record,
  state,
  block,
}: Pick<ProvenObject, 'record' | 'state' | 'block'>): Omit<Shown, 'claim'> {
  if (record === undefined) return { facts: [], values: {} };
  const { kind, size, time, expires } = record;
  const stateUnixMs = state?.time;
  const said =
    stateUnixMs === undefined ? [] : [fact('tags, lock', `set at ${timeText(stateUnixMs)}`)];
  const sha256 = record.sha256.map(bytesToHex)[0];
  const [partCount = 0, partsRoot = new Uint8Array()] = record.parts[0] ?? [];
  const content =
    sha256 === undefined
      ? fact('parts', `${partCount}, of the tree hash ${digest.write(partsRoot)}`)
      : fact('sha256', sha256);
  const parts = sha256 === undefined ? { partCount, partsRoot: digest.write(partsRoot) } : {};
  return {
    facts: [
      fact('stored', timeText(time)),
      fact('size', `${size} bytes`),
      content,
      fact('expires', expiryText(expires, block.time)),
      ...said,
    ],
    values: {
      ...{ kind, sizeBytes: size, sha256, ...parts },
      ...{ storedUnixMs: time, expiresUnixMs: expires ?? null },
      ...(stateUnixMs === undefined ? {} : { stateSetUnixMs: stateUnixMs }),
    },
  };
}

function leafFacts(leaf: ProvenObject['head']['leaf']): Omit<Shown, 'claim'> {
  const leaves = leaf.map(([version, object, hash]) => {
    return { object: objectName.write(object), version, recordHash: digest.write(hash) };
  });
  return {
    facts: leaves.map(({ object, version }) => fact('holds', `${shown(object)} (v${version})`)),
    values: { leaves },
  };
}

export function keyFacts(proven: ProvenBlock & { readonly keys: KeySet }): Shown {
  const { facts, values } = blockFacts(proven);
  const keys = proven.keys.key.map(([vkey, from, until, state]) => ({ vkey, from, until, state }));
  const lines = keys.map(({ vkey, from, until, state }) => {
    return fact(
      'key',
      `${vkey}, ${state}, from height ${from}${until === undefined ? '' : ` to ${until - 1}`}`,
    );
  });
  const claim = `these are the keys of ${shown(proven.block.origin)}`;
  return { claim, facts: [...facts, ...lines], values: { claim: 'keys', keys, ...values } };
}

function sentence({ head, change, record }: ProvenObject): string {
  const named = change === undefined ? head.object : change.object;
  const [bucket = '', key = ''] = named[0] ?? [];
  const name = shown(objectName.write([bucket, key]));
  const isMarker = record?.kind === 'marker';
  const many = `everything whose name begins with ${name}: ${head.leaf.length} versions`;
  const sentences = {
    version: `${name} is there at version ${head.version[0]}`,
    current: isMarker
      ? `${name} is deleted: its newest version, ${head.version[0]}, is a delete marker`
      : `${name} is there, and version ${head.version[0]} is its newest`,
    absent: `there is no ${name}`,
    empty: `nothing is there whose name begins with ${name}`,
    listing: many,
    written: `this change of ${named.length > 0 ? name : 'an object under a keyed name'} was made`,
  };
  return sentences[head.claim];
}

function blockFacts({ block, checkpoint, signers }: ProvenBlock): Omit<Shown, 'claim'> {
  const all = signers.map(({ key: { name, id }, timeUnixS }) => ({ name, id, timeUnixS }));
  const signedBy = all.filter(({ timeUnixS }) => timeUnixS === undefined);
  const witnesses = all.filter(({ timeUnixS }) => timeUnixS !== undefined);
  const { origin, height, time } = block;
  const { size, root } = checkpoint;
  const facts = [
    fact('origin', shown(origin)),
    fact('height', `${height}, in a log of ${size} blocks`),
    fact('time', timeText(time)),
    fact('checkpoint', `${size}:${digest.write(root)}`),
    ...signedBy.map(({ name, id }) => fact('signed by', shown(`${name}+${id}`))),
    ...witnesses.map(({ name, id, timeUnixS = 0 }) => {
      return fact('witness', `${shown(`${name}+${id}`)} at ${timeText(timeUnixS * 1000)}`);
    }),
  ];
  const tree = { size, root: digest.write(root) };
  const values = { origin, height, timeUnixMs: time, checkpoint: tree, signedBy, witnesses };
  return { facts, values };
}

/** The only clock of a proof is its block's: whether something has expired is asked of that. */
function expiryText(expiresUnixMs: number | undefined, blockUnixMs: number): string {
  if (expiresUnixMs === undefined) return 'never';
  const isOver = expiresUnixMs <= blockUnixMs;
  return `${timeText(expiresUnixMs)}, ${isOver ? 'before' : 'after'} the time of the block`;
}

function timeText(unixMs: number): string {
  return unixMs <= calendarMsMax ? shownTime(unixMs) : `${unixMs} ms since 1970`;
}

function fact(name: string, text: string): Fact {
  return { name, text };
}
