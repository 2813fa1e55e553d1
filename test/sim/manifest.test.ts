import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { limits } from '../../src/base/limits.js';
import type { ManifestState } from '../../src/format/manifest-frame.js';
import { Manifest, readManifest } from '../../src/log/manifest.js';
import { failureOf } from '../failure-of.js';
import { aLogOf } from './log-world.js';
import type { SimulatedWorld } from './simulated-host.js';

const it = suite('manifest');
async function opened(world: SimulatedWorld): Promise<Manifest> {
  const manifest = await world.run(Manifest.open(world.disk, world.clock));
  assert.ok(manifest !== undefined);
  return manifest;
}

/** A world whose manifest is just over the size at which it is written anew. */
async function aFullManifest(): Promise<SimulatedWorld> {
  const { world, log } = await aLogOf([]);
  await world.run(log.close());
  const manifest = await opened(world);
  const { state } = manifest;
  const lossesAccepted = Array.from({ length: 500_000 }, (_, index) => index + 70_000);
  const edits = [{ ...state, lossesAccepted }, state].map(
    (each) => ({ is: 'state', state: each }) as const,
  );
  const footer = { is: 'footer', fileId: 1, bytes: 1, checksum: 1 } as const;
  while (world.disk.testBytesOf('manifest.a').length <= limits.manifestBytesMax)
    await world.run(manifest.append(...edits, footer));
  await world.run(manifest[Symbol.asyncDispose]());
  return world.crash(1, 'kill');
}

function checksumIn(state: ManifestState | undefined): number {
  return state?.files[0]?.footer?.checksum ?? 0;
}

it('a manifest that has grown is written anew from its state, and a crash at its calls keeps it', async () => {
  const base = await aFullManifest();
  const grow = async (world: SimulatedWorld) => {
    const manifest = await Manifest.open(world.disk, world.clock);
    for (const checksum of [2, 3]) {
      await manifest?.append({ is: 'footer', fileId: 1, bytes: 1, checksum });
    }
  };
  const probe = base.crash(2, 'kill');
  await probe.run(grow(probe));
  const sizeBytes = probe.disk.testBytesOf('manifest.a').length;
  assert.ok(sizeBytes < 1_000, `${sizeBytes} bytes`);
  assert.equal(probe.disk.testBytesOf('manifest.b'), probe.disk.testBytesOf('manifest.a'));

  const seen = new Set<number>();
  for (let number = 1; number <= probe.operationCount; number += 2) {
    const dying = base.crash(3, 'kill');
    dying.faults.dieAt(number, (['before', 'during', 'after'] as const)[number % 3]);
    await failureOf(dying.run(grow(dying)));
    const after = dying.crash(number, number % 4 === 1 ? 'kill' : 'power');
    const believed = checksumIn(await after.run(readManifest(after.disk)));
    assert.ok([1, 2, 3].includes(believed), `call ${number}: ${believed}`);
    seen.add(believed);
    assert.is(checksumIn((await opened(after)).state), believed);
    const cut = after.crash(number, 'power');
    const again = checksumIn(await cut.run(readManifest(cut.disk)));
    assert.is(again, believed, `call ${number}: what was believed once stays`);
  }
  assert.equal([...seen].sort(), [1, 2, 3]);
});

it.run();
