import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSources, type SourceFile } from '../../source-file.js';

const it = suite('the verifier by itself');
const sources = new Map(readSources(['src']).map((file) => [file.path, file]));

/** The verifier and every file of ours that it imports, directly or not. */
function reached(): SourceFile[] {
  const found = new Set<SourceFile>();
  const pending = ['src/ledger/verify.ts'];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const file = sources.get(path);
    if (file === undefined || found.has(file)) continue;
    found.add(file);
    pending.push(...file.imports.map(({ target }) => target));
  }
  return [...found];
}

it('imports nothing but noble, so that it runs in browsers as it is', () => {
  const packages = reached()
    .flatMap((file) => file.imports.map(({ target }) => target))
    .filter((target) => !target.startsWith('src/'));
  const expected = ['@noble/curves/ed25519.js', '@noble/hashes/sha2.js', '@noble/hashes/utils.js'];
  assert.equal([...new Set(packages)].sort(), expected);
  for (const { path, code } of reached()) {
    const ofNode = code.filter((line) => /\b(Buffer|process|require|globalThis)\b/.test(line));
    assert.equal(ofNode, [], path);
  }
});

it('is short enough to be read in one go', () => {
  const lineCount = reached()
    .flatMap(({ lines }) => lines)
    .filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line)).length;
  assert.ok(lineCount < 600, `${lineCount} lines of code`);
});

it.run();
