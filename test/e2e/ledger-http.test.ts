import { gunzipSync } from 'node:zlib';
import { RFC9162 } from '@transmute/rfc9162';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromBase64 } from '../../src/format/text-lines.js';
import { ledgerRoutes } from '../../src/http/native/ledger-routes.js';
import { keySet } from '../../src/ledger/keys.js';
import {
  decodeEntryBundle,
  hashesFromTiles,
  type Tile,
  tilePath,
  tilesBetween,
} from '../../src/ledger/tiles.js';
import {
  type Trust,
  verifyCheckpoint,
  verifyConsistency,
  verifyKeySet,
  verifyObjectProof,
} from '../../src/ledger/verify.js';
import { rootAt } from '../../src/merkle/growing-tree.js';
import { nodeSha256, toHex } from '../unit/ledger/golden.js';
import { type Person, peoplePlace } from './people.js';
import { type Answer, codeOf, type S3Place, s3Place } from './s3-place.js';

const it = suite('the ledger over HTTP');
const hugeBlock = '9007199254740993';

let at: S3Place;
let trust: Trust;
let rotatedAt: number;

const get = (target: string) => at.send({ method: 'GET', target: `/_/ledger${target}` });
const open = (target: string) => at.sendUnsigned({ method: 'GET', target: `/_/ledger${target}` });
const textOf = async (answer: Promise<Answer>) => (await answer).body.toString();
const errorOf = ({ body }: Answer) => JSON.parse(body.toString()).code;

/** Puts an object and waits for its block. */
async function putSealed(key: string, body: string, bucket = 'photos'): Promise<Answer> {
  const headers = { 'x-logstore-receipt': 'wait' };
  return await at.send({ method: 'PUT', target: `/${bucket}/${key}`, body, headers });
}

it.before(async () => {
  at = await s3Place({ ledger: 'on', ledgerInterval: '100ms' });
  await at.send({ method: 'PUT', target: '/photos' });
  for (const key of ['a', 'b']) assert.is((await putSealed(key, key)).status, 200);
  const { size } = JSON.parse(await textOf(get('')));
  rotatedAt = size + 1; // a block seals what there is before the one with the new key set
  const rotation = await at.send({ method: 'POST', target: '/_/ledger/rotate?overlap=9999' });
  assert.match(JSON.parse(rotation.body.toString()).report.keys, /^keys\/v1\n/);
  assert.is((await putSealed('c', 'c')).status, 200);
  const keys = await textOf(open('/keys'));
  const set = keySet.decode(keys.slice(0, keys.indexOf('\n\n') + 1));
  trust = { keys: set.key.map(([vkey]) => vkey) };
  assert.ok(verifyKeySet(keys, trust).isProven);
});
it.after(() => at.close());

const samples: Readonly<Record<string, string>> = {
  checkpoint: '/checkpoint',
  'tiles and bundles of entries': '/tile/0/000.p/1',
  'key set': '/keys',
  'key set as it followed another': '/keys/ROTATED',
  'key set that a block names': '/block/0/keys',
  block: '/block/0',
  'consistency path': '/consistency/1/2',
  standing: '',
  'changes of a block': '/block/0/changes',
  'changes that pruning left': '/pruned',
  proof: '/proof?bucket=photos&key=a',
};

for (const { name, access } of ledgerRoutes)
  it(`${name} is ${access}`, async () => {
    const target = samples[name]?.replace('ROTATED', String(rotatedAt));
    assert.type(target, 'string');
    const forStrangers = access === 'open' ? 200 : 403;
    assert.is((await open(`${target}`)).status, forStrangers);
    const forged = { method: 'GET', target: `/_/ledger${target}`, secret: 'not-the-secret' };
    assert.is((await at.send(forged)).status, forStrangers);
    const signed = await get(`${target}`);
    assert.is(signed.status, 200);
    assert.is(signed.headers['x-content-type-options'], 'nosniff');
    if (access !== 'open') assert.is(signed.headers['cache-control'], 'no-store');
  });

it('files have the headers that tlog-tiles asks for', async () => {
  for (const path of ['/checkpoint', '/checkpoint.log']) {
    const { headers } = await open(path);
    assert.is(headers['content-type'], 'text/plain; charset=utf-8');
    assert.is(headers['cache-control'], 'no-cache');
  }
  for (const path of ['/tile/0/000.p/1', '/tile/entries/000.p/1']) {
    const { headers } = await open(path);
    assert.is(headers['content-type'], 'application/octet-stream');
    assert.match(headers['cache-control'] ?? '', 'immutable');
  }
  const headers = { 'accept-encoding': 'gzip, identity' };
  const { size } = JSON.parse(await textOf(get('')));
  const target = `/_/ledger/tile/entries/000.p/${size}`;
  const packed = await at.sendUnsigned({ method: 'GET', target, headers });
  assert.is(packed.headers['content-encoding'], 'gzip');
  const plain = await at.sendUnsigned({ method: 'GET', target });
  assert.equal(gunzipSync(packed.body), plain.body);
});

it('@transmute/rfc9162 computes the root of the checkpoint from what is fetched', async () => {
  const verdict = verifyCheckpoint(await textOf(open('/checkpoint')), trust);
  assert.ok(verdict.isProven);
  if (!verdict.isProven) return;
  const { size, root } = verdict.proven.checkpoint;
  assert.ok(size >= 3);
  const files = new Map<string, Uint8Array>();
  for (const tile of tilesBetween(0, size)) {
    const { status, body } = await open(`/${tilePath(tile)}`);
    assert.is(status, 200);
    files.set(tilePath(tile), body);
  }
  const fetched = (tile: Tile) => files.get(tilePath(tile)) ?? new Uint8Array();
  const entries = tilesBetween(0, size)
    .filter(({ level }) => level === 'entries')
    .flatMap((tile) => decodeEntryBundle(fetched(tile)) ?? []);
  assert.is(entries.length, size);
  assert.is(toHex(await RFC9162.treeHead(entries)), toHex(root));
  const hashAt = hashesFromTiles(nodeSha256, size, fetched);
  assert.is(toHex(rootAt(nodeSha256, hashAt, size)), toHex(root));

  const path = (await textOf(open(`/consistency/2/${size}`))).split('\n').slice(0, -1);
  const older = { origin: verdict.proven.checkpoint.origin, size: 2 };
  const pin = { ...older, root: rootAt(nodeSha256, hashAt, 2) };
  const note = await textOf(open('/checkpoint.log'));
  assert.ok(verifyConsistency(pin, note, path.map(fromBase64), trust).isProven);
  const [first] = entries;
  assert.ok(
    (await textOf(open('/block/0'))).startsWith(`${Buffer.from(first ?? []).toString()}\n`),
  );
});

it('proofs are made for every claim, and hold', async () => {
  const odd = 'ü/../ %2F?&=+';
  await putSealed(encodeURIComponent(odd), 'odd');
  const queries = [
    { claim: 'current', bucket: 'photos', key: 'a' },
    { claim: 'current', bucket: 'photos', key: odd },
    { claim: 'written', bucket: 'photos', key: 'b' },
    { claim: 'absent', bucket: 'photos', key: 'd' },
    { claim: 'empty', bucket: 'photos', key: 'x/' },
    { claim: 'listing', bucket: 'photos', key: '' },
    { claim: 'current', bucket: '', key: 'photos' },
    { claim: 'absent', bucket: '', key: 'letters' },
  ];
  for (const query of queries) {
    const { status, body } = await get(`/proof?${new URLSearchParams(query)}`);
    assert.is(status, 200, `${JSON.stringify(query)}: ${body}`);
    const verdict = verifyObjectProof(body.toString(), trust);
    assert.ok(verdict.isProven, JSON.stringify({ query, verdict }));
    assert.is(verdict.isProven && verdict.proven.head.claim, query.claim);
  }
});

it('what is asked for in vain or amiss is a typed error', async () => {
  for (const [target, status, code] of [
    ['/proof?bucket=photos&key=zzz', 404, 'NotSealed'],
    ['/proof?bucket=photos&key=a&claim=absent', 404, 'NotSealed'],
    ['/proof?bucket=photos&key=a&claim=version&version=9999', 404, 'NotSealed'],
    ['/proof?key=a', 400, 'InvalidArgument'],
    ['/proof?bucket=photos&key=a&claim=guess', 400, 'InvalidArgument'],
    ['/proof?bucket=photos&key=a&height=-1', 400, 'InvalidArgument'],
    ['/block/999999', 404, 'NotSealed'],
    [`/block/${hugeBlock}`, 400, 'InvalidArgument'],
    ['/block/999999/changes', 404, 'NotSealed'],
    ['/consistency/0/1', 404, 'NotSealed'],
    ['/consistency/2/1', 404, 'NotSealed'],
    ['/consistency/1/999999', 404, 'NotSealed'],
    ['/tile/0/999', 404, 'NotSealed'],
    ['/tile/../../origin', 404, 'NotSealed'],
    ['/tile/%2e%2e/origin', 404, 'NotSealed'],
    ['/tile/0/000.p/01', 404, 'NotSealed'],
    ['/high-water', 404, 'NotFound'],
    ['/checkpointer', 404, 'NotFound'],
  ] as const) {
    const answer = await get(target);
    assert.equal([answer.status, errorOf(answer)], [status, code], target);
  }
});

it('changes of a block come in pages, in order', async () => {
  const { changes, next } = JSON.parse(await textOf(get('/block/0/changes')));
  assert.ok(changes[0].startsWith('change/v1\nversion 1\n'));
  assert.is(next, undefined);
  const beyond = JSON.parse(await textOf(get('/block/0/changes?from=1000')));
  assert.equal(beyond, { changes: [] });
});

it('a receipt comes once the block is signed, with the address of its proof', async () => {
  const put = await putSealed('waited', 'for');
  assert.is(put.headers['x-logstore-receipt'], 'sealed');
  const target = String(put.headers['x-logstore-proof']);
  const { status, body } = await at.send({ method: 'GET', target });
  assert.is(status, 200);
  const verdict = verifyObjectProof(body.toString(), trust);
  assert.ok(verdict.isProven && verdict.proven.record?.size === 3);

  const headers = { 'x-logstore-receipt': 'wait', 'x-amz-copy-source': '/photos/waited' };
  const copy = await at.send({ method: 'PUT', target: '/photos/copied', headers });
  assert.is(copy.headers['x-logstore-receipt'], 'sealed');
  const plain = await at.send({ method: 'PUT', target: '/photos/plain', body: 'x' });
  assert.is(plain.headers['x-logstore-receipt'], undefined);
});

it('a delete has a receipt too, of its marker or of the removal', async () => {
  const wait = { 'x-logstore-receipt': 'wait' };
  const removed = async (target: string) => {
    const { status, headers } = await at.send({ method: 'DELETE', target, headers: wait });
    const proof = headers['x-logstore-proof'];
    const text = proof && (await textOf(at.send({ method: 'GET', target: String(proof) })));
    const verdict = text === undefined ? undefined : verifyObjectProof(text, trust);
    return { status, receipt: headers['x-logstore-receipt'], verdict, headers };
  };
  const put = async (target: string) =>
    (await at.send({ method: 'PUT', target, body: 'x' })).status;
  assert.is(await put('/photos/gone'), 200);
  const only = await removed('/photos/gone');
  assert.equal([only.status, only.receipt], [204, 'sealed']);
  assert.ok(only.verdict?.isProven && only.verdict.proven.change?.added.length === 0);
  assert.is(only.verdict.proven.change.removed.length, 1);
  const nothing = await removed('/photos/gone');
  assert.equal([nothing.status, nothing.receipt, nothing.verdict], [204, 'none', undefined]);

  await at.send({ method: 'PUT', target: '/kept' });
  const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await at.send({ method: 'PUT', target: '/kept?versioning=', body });
  assert.is(await put('/kept/a'), 200);
  const marked = await removed('/kept/a');
  assert.is(marked.receipt, 'sealed');
  assert.ok(marked.verdict?.isProven && marked.verdict.proven.record?.kind === 'marker');
  const unmarked = await removed(`/kept/a?versionId=${marked.headers['x-amz-version-id']}`);
  assert.ok(unmarked.verdict?.isProven && unmarked.verdict.proven.change?.removed.length === 1);
  const many = { method: 'POST', target: '/kept?delete=', body: '<Delete/>', headers: wait };
  const refused = await at.send(many);
  assert.equal([refused.status, codeOf(refused)], [400, 'InvalidRequest']);
});

it('a multipart upload has a receipt when it is completed, and its parts have none', async () => {
  const headers = { 'x-logstore-receipt': 'wait' };
  const key = '/photos/parts';
  const begun = await at.send({ method: 'POST', target: `${key}?uploads=` });
  const id = /<UploadId>([^<]+)/.exec(begun.body.toString())?.[1];
  const part = { method: 'PUT', target: `${key}?partNumber=1&uploadId=${id}`, body: 'part' };
  const refused = await at.send({ ...part, headers });
  assert.equal([refused.status, codeOf(refused)], [400, 'InvalidRequest']);
  const { etag } = (await at.send(part)).headers;
  const parts = `<Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part>`;
  const body = `<CompleteMultipartUpload>${parts}</CompleteMultipartUpload>`;
  const target = `${key}?uploadId=${id}`;
  const completed = await at.send({ method: 'POST', target, body, headers });
  assert.is(completed.status, 200);
  assert.is(completed.headers['x-logstore-receipt'], 'sealed');
  const proof = { method: 'GET', target: String(completed.headers['x-logstore-proof']) };
  assert.ok(verifyObjectProof((await at.send(proof)).body.toString(), trust).isProven);
});

it('a receipt that is no receipt is refused, and nothing is stored', async () => {
  const headers = { 'x-logstore-receipt': 'soon' };
  const put = await at.send({ method: 'PUT', target: '/photos/refused', body: 'x', headers });
  assert.equal([put.status, codeOf(put)], [400, 'InvalidArgument']);
  assert.is((await at.send({ method: 'GET', target: '/photos/refused' })).status, 404);
});

it('a user has proofs of what that user may read, and of nothing else', async () => {
  await using place = await peoplePlace({ ledger: 'on', ledgerInterval: '100ms' });
  const ada = await place.person('ada');
  const bob = await place.person('bob');
  const signed = (as: Person, method: string, target: string, body?: string) => {
    const signer = { accessKeyId: as.accessKeyId, secret: as.secretAccessKey };
    const headers = method === 'PUT' && body !== undefined ? { 'x-logstore-receipt': 'wait' } : {};
    return place.send({
      method,
      target,
      headers,
      ...(body === undefined ? {} : { body }),
      ...signer,
    });
  };
  assert.is((await signed(ada, 'PUT', '/deeds')).status, 200);
  const { headers } = await signed(ada, 'PUT', '/deeds/house', 'sold');
  const older = String(headers['x-logstore-proof']);
  await signed(ada, 'PUT', '/deeds/house%2Bboat', 'both');
  for (const [target, forAda] of [
    [older, 200],
    ['/_/ledger/proof?bucket=deeds&key=house', 200],
    ['/_/ledger/proof?bucket=deeds&claim=written&key=house&version=99', 404],
    ['/_/ledger/proof?bucket=deeds&claim=current&height=0&key=none', 404],
    ['/_/ledger/proof?bucket=deeds&claim=listing&key=', 200],
    ['/_/ledger/proof?bucket=deeds&claim=absent&key=car', 403],
    ['/_/ledger/proof?bucket=deeds&claim=empty&key=car', 403],
    ['/_/ledger/proof?bucket=&claim=current&key=deeds', 403],
    ['/_/ledger/block/0/changes', 403],
    ['/_/ledger', 403],
  ] as const) {
    assert.is((await signed(ada, 'GET', target)).status, forAda, target);
    assert.is((await signed(bob, 'GET', target)).status, 403, target);
    assert.is((await place.sendUnsigned({ method: 'GET', target })).status, 403, target);
  }
});

it('without a ledger there are no receipts and no proofs, and it is said', async () => {
  await using plain = await s3Place({ ledger: 'off' });
  await plain.send({ method: 'PUT', target: '/photos' });
  const headers = { 'x-logstore-receipt': 'wait' };
  const put = await plain.send({ method: 'PUT', target: '/photos/a', body: 'x', headers });
  assert.equal([put.status, codeOf(put)], [400, 'InvalidRequest']);
  assert.match(put.body.toString(), 'no ledger');
  assert.is((await plain.send({ method: 'GET', target: '/photos/a' })).status, 404);
  const asked = await plain.sendUnsigned({ method: 'GET', target: '/_/ledger/checkpoint' });
  assert.equal([asked.status, errorOf(asked)], [400, 'InvalidRequest']);
});

it.run();
