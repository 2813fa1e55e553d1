import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PlantBed, plants } from './plants.js';

const it = suite('plants');
const bed = await PlantBed.make();

it('begins with source that compiles', () => bed.compile());

for (const plant of plants)
  it(`finds ${plant.patch.replaceAll('-', ' ')}, by '${plant.test}'`, async () => {
    await bed.apply(plant.patch);
    try {
      await bed.compile();
      const { passed } = await bed.test(plant);
      assert.not.ok(passed, 'the test fails where the mistake is planted');
    } finally {
      await bed.apply(plant.patch, '-R');
    }
  });

it('passes each of these tests without a plant', async () => {
  await bed.compile();
  const seen = new Set<string>();
  for (const plant of plants) {
    const name = `${plant.file}: ${plant.test}`;
    if (seen.has(name)) continue;
    seen.add(name);
    const { passed, output } = await bed.test(plant);
    assert.ok(passed, `${name}\n${output}`);
  }
});

it.after(() => bed[Symbol.asyncDispose]());

it.run();
