import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { footerPath } from '../../src/format/file-names.js';
import type { ManifestFile } from '../../src/format/manifest-frame.js';
import { auditLog, type Finding } from '../../src/log/audit.js';
import { FooterFile, writeFooter } from '../../src/log/footer-file.js';
import { Manifest, readManifest } from '../../src/log/manifest.js';
import { CommitsArea, RecordTable } from '../../src/log/record-table.js';
import { openStoreOn } from '../../src/store/store.js';
import { tinySegments } from './compaction-history.js';
import { SimulatedWorld } from './simulated-host.js';

const it = suite('audit of what was compacted');

async function compactedWorld(): Promise<SimulatedWorld> {
  const world = new SimulatedWorld(1);
  const store = await world.run(openStoreOn(world, tinySegments));
  await world.run(store.createBucket('bucket'));
  for (let count = 0; count < 30; count++) {
    await world.run(store.put('bucket', `key-${count % 12}`, new Uint8Array(2_000)));
  }
  await world.run(store.compact({ all: true }));
  await world.run(store.close());
  return world;
}

async function findingsOf(world: SimulatedWorld): Promise<Finding[]> {
  const findings: Finding[] = [];
  const watcher = { found: (finding: Finding) => findings.push(finding), progress: () => {} };
  await world.run(auditLog(world.disk, watcher));
  return findings;
}

/** A footer that is whole by itself, and lists its records otherwise than they stand. */
async function replaceFooter(
  world: SimulatedWorld,
  file: ManifestFile,
  change: (units: Uint32Array, numbers: Uint32Array) => void,
): Promise<void> {
  const { storeId } = (await readManifest(world.disk)) ?? {};
  assert.ok(storeId !== undefined);
  const footer = await FooterFile.open(world.disk, storeId, file);
  assert.ok(footer instanceof FooterFile);
  await using held = footer;
  const table = await held.table();
  assert.ok(table !== undefined);
  const [units, numbers] = [table.units.slice(), table.numbers.slice()];
  change(units, numbers);
  const changed = new RecordTable(file.first, { units, numbers, endOffset: table.endOffset });
  const written = await writeFooter(world.disk, storeId, file, changed, new CommitsArea());
  await using manifest = await Manifest.open(world.disk, world.clock);
  await manifest?.append({ is: 'footer', fileId: file.fileId, ...written });
}

it('finds a footer whose offsets or numbers are not those of the segment, in any of their bytes', async () => {
  for (const column of ['offset', 'number'] as const)
    for (const bit of [0, 9, 17]) {
      const world = await compactedWorld();
      assert.equal(await findingsOf(world), []);
      const { files = [] } = (await world.run(readManifest(world.disk))) ?? {};
      const file = files.find(({ generation }) => generation > 0);
      assert.ok(file !== undefined);
      const change = (units: Uint32Array, numbers: Uint32Array) => {
        const words = column === 'offset' ? units : numbers;
        const last = words.length - 1;
        words[last] = (words[last] ?? 0) ^ (1 << bit);
      };
      await world.run(replaceFooter(world, file, change));
      const found = (await findingsOf(world)).filter(({ is }) => is === 'damage');
      assert.equal(
        found.map(({ file: path, what }) => [path, what]),
        [[footerPath(file.fileId), 'it places records elsewhere than the segment does']],
        `${column}, bit ${bit}`,
      );
    }
});

it.run();
