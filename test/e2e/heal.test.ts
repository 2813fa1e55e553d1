import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openStore } from '../../src/open-store.js';
import { logstore, Served } from './logstore-process.js';
import { place } from './served-place.js';

const heal = suite('healing, as the command tells of it');

const env = { LOGSTORE_ACCESS_KEY: 'of-healing', LOGSTORE_SECRET_KEY: 'secret-of-it' };
const MiB = 1024 ** 2;
const segment = 'log/0000000000000001.seg';

function bodyOf(index: number): Buffer {
  return Buffer.alloc(200_000, `body ${index} `);
}

/** A stopped store of several segments with parity. */
async function protectedStore(dir: string): Promise<void> {
  {
    await using store = await openStore({ dir, segmentBytes: MiB, parity: 'off' });
    await store.createBucket('bucket');
    for (let index = 0; index < 20; index++) await store.put('bucket', `k${index}`, bodyOf(index));
  }
  const scrubbed = await logstore(['scrub', '--dir', dir, '--json']);
  assert.is(scrubbed.code, 0, scrubbed.stderr);
  const { segmentCount, protectedCount } = JSON.parse(scrubbed.stdout.toString());
  assert.ok(segmentCount > 2 && protectedCount === segmentCount, 'parity of all that has ended');
}

/** Spoils `lengthBytes` bytes in place, as a disk does: the file is not written anew. */
function spoil(dir: string, file: string, offset: number, lengthBytes: number): void {
  const descriptor = openSync(join(dir, file), 'r+');
  const bytes = Buffer.alloc(lengthBytes);
  readSync(descriptor, bytes, 0, lengthBytes, offset);
  writeSync(descriptor, Buffer.from(bytes.map((byte) => byte ^ 0x5a)), 0, lengthBytes, offset);
  closeSync(descriptor);
}

function segmentFiles(dir: string): Map<string, string> {
  const names = readdirSync(join(dir, 'log')).filter((name) =>
    name.startsWith('0000000000000001.'),
  );
  return new Map(names.map((name) => [name, readFileSync(join(dir, 'log', name), 'base64')]));
}

heal('damage is served past, named by health and verify, and healed by repair', async () => {
  using at = place();
  await protectedStore(at.dir);
  const whole = segmentFiles(at.dir);
  spoil(at.dir, segment, 300_000, 70_000);
  spoil(at.dir, 'log/0000000000000001.parity1', 5_000, 10);
  const got = await logstore(['get', 'bucket/k1', '--dir', at.dir]);
  assert.is(got.code, 0, got.stderr);
  assert.ok(got.stdout.equals(bodyOf(1)));

  const told = await logstore(['health', '--dir', at.dir]);
  assert.is(told.code, 2);
  assert.match(told.stdout.toString(), /^Recoverable: log\/0000000000000001.seg$/m);
  assert.match(told.stdout.toString(), /^Recoverable: bucket\/k1 /m);
  assert.match(told.stdout.toString(), /logstore repair/);
  const verified = await logstore(['verify', '--dir', at.dir]);
  assert.is(verified.code, 2);
  assert.match(verified.stdout.toString(), /parity has it/);
  assert.not.match(verified.stdout.toString(), /damaged object/);

  const repaired = await logstore(['repair', '--dir', at.dir, '--json']);
  assert.is(repaired.code, 0, repaired.stderr);
  assert.is(JSON.parse(repaired.stdout.toString()).healedCount, 1);
  assert.equal(segmentFiles(at.dir), whole);
  const healthy = await logstore(['health', '--dir', at.dir]);
  assert.is(healthy.code, 0);
  assert.match(healthy.stdout.toString(), /^Healthy: /m);
  assert.is((await logstore(['verify', '--dir', at.dir])).code, 0);
});

heal(
  'beyond parity: exit 2, the objects named, nothing modified, all others readable',
  async () => {
    using at = place();
    await protectedStore(at.dir);
    for (const slice of [3, 4, 5]) spoil(at.dir, segment, slice * 65_536, 20_000);
    const damaged = segmentFiles(at.dir);
    const repaired = await logstore(['repair', '--dir', at.dir, '--json']);
    assert.is(repaired.code, 2, repaired.stderr);
    const report = JSON.parse(repaired.stdout.toString());
    assert.equal(
      report.unhealthy.map(({ file, status }: Record<string, string>) => [file, status]),
      [[segment, 'unrecoverable']],
    );
    const lost = new Set(report.lostObjects.map(({ key }: { key: string }) => key));
    assert.ok(lost.size > 0 && lost.size < 5, `${[...lost]}`);
    assert.equal(segmentFiles(at.dir), damaged);
    {
      await using store = await openStore({ dir: at.dir, parity: 'off' });
      for (let index = 0; index < 20; index++) {
        const got = await store.getBytes('bucket', `k${index}`).catch(String);
        if (lost.has(`k${index}`)) assert.match(String(got), 'record');
        else assert.is(Buffer.compare(bodyOf(index), Buffer.from(got)), 0, `k${index}`);
      }
    }
    const told = (await logstore(['health', '--dir', at.dir])).stdout.toString();
    assert.match(told, /^Unrecoverable: /m);
    assert.match(told, /backup/);
  },
);

heal('a running server heals what a GET meets; scrub and health ask it', async () => {
  using at = place();
  await protectedStore(at.dir);
  const whole = segmentFiles(at.dir);
  await using server = await Served.start(['--dir', at.dir, '--segment-size', '1MiB'], env);
  const target = ['--endpoint', server.url];
  spoil(at.dir, segment, 300_000, 70_000);
  const got = await logstore(['get', 'bucket/k1', ...target], { env });
  assert.ok(got.stdout.equals(bodyOf(1)), got.stderr);
  await server.logged('damage was found and healed');
  assert.equal(segmentFiles(at.dir), whole);

  spoil(at.dir, 'log/0000000000000001.footer', 130, 4);
  const ill = await logstore(['health', ...target, '--json'], { env });
  assert.is(ill.code, 2, ill.stderr);
  assert.is(JSON.parse(ill.stdout.toString()).status, 'degraded');
  const scrubbed = await logstore(['scrub', ...target, '--json'], { env });
  assert.is(scrubbed.code, 0, scrubbed.stderr);
  assert.is(JSON.parse(scrubbed.stdout.toString()).healedCount, 1);
  assert.equal(segmentFiles(at.dir), whole);
  assert.is((await logstore(['health', ...target], { env })).code, 0);
  assert.is((await fetch(`${server.url}/_/scrub`, { method: 'POST' })).status, 403);
});

heal.run();
