import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatVersion } from '../../src/format/segment-header.js';
import { nodeHost } from '../../src/host/node-host.js';
import { openStoreOn } from '../../src/store/store.js';
import { verifyStore } from '../../src/store/verify.js';
import { type Codec, codecs, type VectorFile } from '../../tools/golden/codecs.js';
import { describeStore } from '../../tools/golden/describe-store.js';
import { goldenKeys } from '../../tools/golden/golden-keys.js';
import { fromHex, fromPlain, type Plain, toHex, toPlain } from '../../tools/golden/plain-json.js';
import { expectedOf, filesOf, thawStore } from '../../tools/golden/stores.js';

/**
 * Bytes that were frozen when their format version was made (tools/golden.ts). A failure here is a
 * broken format, never a reason to write them again.
 */
const golden = suite('golden stores and vectors');

const root = fileURLToPath(new URL('../../../segments/golden', import.meta.url));
const versions = readdirSync(root).sort();

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly fields: Plain;
}
interface Expected {
  readonly log: Plain;
  readonly store: Plain;
}

golden('there is a folder for each format version up to the present one', () => {
  const wanted = Array.from({ length: formatVersion }, (_, index) => `v${index + 1}`);
  assert.equal(versions, wanted);
});

for (const version of versions) {
  const vectors = join(root, version, 'vectors');
  for (const name of readdirSync(vectors)) {
    const file = name.replace('.json', '') as VectorFile;
    const all: Vector[] = JSON.parse(readFileSync(join(vectors, name), 'utf8'));
    for (const vector of all) {
      golden(`${version}/${file}: "${vector.name}" reads back as its fields`, () => {
        const codec: Codec<never> = codecs[file];
        const decoded = codec.decode(fromHex(vector.hex), fromPlain(vector.fields) as never);
        assert.equal(withoutLater(toPlain(decoded), vector.fields), vector.fields);
      });

      if (version !== `v${formatVersion}`) continue;
      golden(`${version}/${file}: "${vector.name}" is written byte for byte`, () => {
        const codec: Codec<never> = codecs[file];
        assert.is(toHex(codec.encode(fromPlain(vector.fields) as never)), vector.hex);
      });
    }
  }

  const isStore = (name: string) => existsSync(join(root, version, name, 'expected.json'));
  for (const name of readdirSync(join(root, version)).filter(isStore)) {
    const frozen = join(root, version, name);
    const expected: Expected = JSON.parse(readFileSync(join(frozen, 'expected.json'), 'utf8'));

    golden(
      `${version}/${name}: replay, verify and a reading store find all, and change no byte`,
      async () => {
        await withThawed(frozen, async (directory) => {
          const before = hashesOf(directory);
          assert.equal(await expectedOf(directory), expected);
          const report = await verifyStore(nodeHost(directory));
          assert.equal(
            report.findings.filter((finding) => finding.is === 'damage'),
            [],
          );
          assert.equal(report.damagedObjects, []);
          assert.equal(hashesOf(directory), before);
        });
      },
    );

    golden(`${version}/${name}: opened for writing, and again, it holds the same`, async () => {
      await withThawed(frozen, async (directory) => {
        for (let round = 0; round < 2; round++) {
          await using store = await openStoreOn(nodeHost(directory), { keys: goldenKeys });
          assert.equal(await describeStore(store), expected.store);
        }
        assert.ok((await verifyStore(nodeHost(directory))).sound);
      });
    });

    golden(`${version}/${name}: without footers and snapshot it holds the same`, async () => {
      await withThawed(frozen, async (directory) => {
        for (const path of filesOf(directory)) {
          if (/\.(footer|snapshot)$/.test(path)) rmSync(join(directory, path));
        }
        await using store = await openStoreOn(nodeHost(directory), { keys: goldenKeys });
        assert.equal(await describeStore(store), expected.store);
      });
    });

    golden(
      `${version}/${name}: one manifest copy suffices, and the other is made again`,
      async () => {
        await withThawed(frozen, async (directory) => {
          rmSync(join(directory, 'manifest.a'));
          await using store = await openStoreOn(nodeHost(directory), { keys: goldenKeys });
          assert.equal(await describeStore(store), expected.store);
          assert.ok(existsSync(join(directory, 'manifest.a')));
        });
      },
    );

    golden(`${version}/${name}: it takes new objects`, async () => {
      await withThawed(frozen, async (directory) => {
        {
          await using store = await openStoreOn(nodeHost(directory), { keys: goldenKeys });
          await store.put(
            'photos',
            'written later',
            new TextEncoder().encode('by a later version'),
          );
        }
        await using store = await openStoreOn(nodeHost(directory), { keys: goldenKeys });
        const bytes = await store.getBytes('photos', 'written later');
        assert.is(new TextDecoder().decode(bytes), 'by a later version');
      });
    });
  }
}

golden(
  'v1/protected: two slices less a block are read past and healed to the same bytes',
  async () => {
    await withThawed(join(root, 'v1', 'protected'), async (directory) => {
      const before = hashesOf(join(directory, 'log'));
      const frozen = join(root, 'v1', 'protected', 'expected.json');
      const expected: Expected = JSON.parse(readFileSync(frozen, 'utf8'));
      const segment = join(directory, 'log', '0000000000000001.seg');
      const bytes = readFileSync(segment);
      for (let at = 200_000; at < 300_000; at++) bytes.writeUInt8(bytes.readUInt8(at) ^ 0x11, at);
      writeFileSync(segment, bytes);
      await using store = await openStoreOn(nodeHost(directory), { parity: 'inline' });
      assert.equal(await describeStore(store), expected.store);
      await store.scrub();
      const after = hashesOf(join(directory, 'log'));
      for (const name of Object.keys(before).filter((each) => /000000001\./.test(each)))
        assert.is(after[name], before[name], name);

      for (const index of [0, 1]) rmSync(join(directory, 'log', `0000000000000001.parity${index}`));
      await store.scrub();
      assert.equal(
        hashesOf(join(directory, 'log'))['0000000000000001.parity1'],
        before['0000000000000001.parity1'],
      );
    });
  },
);

/** Without the fields that the frozen ones do not name, which must then say nothing. */
function withoutLater(decoded: Plain, frozen: Plain): Plain {
  if (Array.isArray(decoded) && Array.isArray(frozen)) {
    return decoded.map((item: Plain, index) => withoutLater(item, frozen[index] ?? null));
  }
  if (!isNamed(decoded) || !isNamed(frozen)) return decoded;
  const kept = Object.entries(decoded).filter(([name, value]) => {
    const saysNothing = value === null || value === 0 || (Array.isArray(value) && !value.length);
    return name in frozen || !saysNothing;
  });
  return Object.fromEntries(
    kept.map(([name, value]) => [name, withoutLater(value, frozen[name] ?? null)]),
  );
}

function isNamed(plain: Plain): plain is { readonly [name: string]: Plain } {
  return typeof plain === 'object' && plain !== null && !Array.isArray(plain);
}

async function withThawed(
  frozen: string,
  action: (directory: string) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'logstore-golden-'));
  try {
    thawStore(join(frozen, 'data'), directory);
    await action(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function hashesOf(directory: string): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const path of filesOf(directory)) {
    hashes[path] = createHash('sha256')
      .update(readFileSync(join(directory, path)))
      .digest('hex');
  }
  return hashes;
}

golden.run();
