import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSources, type SourceFile, sourceFile } from './source-file.js';
import { tidyRules } from './tidy-rules.js';

const tidy = suite('tidy');
const sources = readSources(['src', 'tools', 'test', 'bench']);

for (const [sentence, rule] of Object.entries(tidyRules))
  tidy(sentence, () => {
    const complaints = sources.flatMap((file) => rule(file, sources));
    if (complaints.length > 0) throw new Error(complaints.join('\n'));
  });

tidy.run();

/** What the rules say of files that do not exist. */
function complaintsAbout(...files: SourceFile[]): string {
  const rules = Object.values(tidyRules);
  return files.flatMap((file) => rules.flatMap((rule) => rule(file, files))).join('\n');
}

const planted = suite('tidy: planted');

planted('says nothing about a tidy file', () => {
  const base = sourceFile('src/base/limits.ts', 'export const limits = 1;\n');
  const log = sourceFile(
    'src/log/writer.ts',
    "// Date.now() in a comment\nimport { limits } from '../base/limits.js';\nlimits;\n",
  );
  const root = sourceFile('src/server.ts', "import './log/writer.js';\n");
  assert.is(complaintsAbout(base, log, root), '');
});

for (const [what, path, text, complaint] of [
  ['an upward import', 'src/log/a.ts', "import { x } from '../index/trie.js';", 'may not import'],
  ['a type from above', 'src/base/a.ts', "import type { X } from '../log/x.js';", 'may not'],
  ['the host in the store', 'src/store/a.ts', "import '../host/node-host.js';", 'may not import'],
  ['the log in http', 'src/http/s3/a.ts', "export { x } from '../../log/log.js';", 'may not'],
  ['the configuration below', 'src/store/a.ts', "import { c } from '../config.js';", 'may not'],
  ['an unknown folder', 'src/stuff/a.ts', '', 'table of folders'],
  ['node:fs', 'src/log/a.ts', "import { open } from 'node:fs/promises';", 'src/host/'],
  ['Node in merkle', 'src/merkle/a.ts', "import { hash } from 'node:crypto';", 'browser'],
  ['a Buffer in base', 'src/base/a.ts', 'Buffer.alloc(1);', 'browser'],
  ['the wall clock', 'src/store/a.ts', 'const now = Date.now();', 'clock'],
  ['chance', 'src/store/a.ts', 'const id = randomUUID();', 'Host.random'],
  ['a timer', 'src/http/a.ts', 'setTimeout(go, 5);', 'timers'],
  ['an exit', 'src/server.ts', 'process.exit(1);', 'returns or throws'],
  ['a console', 'src/server.ts', "console.log('hello');", 'logger'],
  ['a forced type', 'tools/a.ts', 'const x = y as unknown as Z;', 'guard'],
  ['export all', 'src/index.ts', "export * from './store/store.js';", 'one by one'],
  ['a default export', 'tools/a.ts', 'export default 1;', 'have names'],
  ['a lone test', 'test/a.test.ts', 'it.only(1);\nit.run();', 'all tests'],
  ['a long file', 'test/long.ts', 'x;\n'.repeat(401), '401 lines'],
  ['a long line', 'src/server.ts', `// ${'x'.repeat(100)}`, '103 columns'],
  ['a test file that runs nothing', 'test/a.test.ts', "const it = suite('a');", '0 of them run'],
  ['a suite that is not run', 'test/a.test.ts', 'suite();\nsuite();\nit.run();', '1 of them run'],
  ['a dead file', 'src/store/dead.ts', 'export const x = 1;', 'nobody imports it'],
  ['a vague name', 'tools/string-utils.ts', '', 'no concept'],
  ['a barrel', 'src/log/index.ts', '', 'no concept'],
] as const)
  planted(`finds ${what}`, () => {
    assert.match(complaintsAbout(sourceFile(path, text)), complaint);
  });

planted('finds files that import each other, be it for types', () => {
  const face = sourceFile('src/log/face.ts', "import type { Log } from './log.js';\n");
  const log = sourceFile('src/log/log.ts', "import { face } from './face.js';\n");
  assert.match(complaintsAbout(face, log), 'src/log/log.ts: imports itself by way of src/log/face');
});

planted('counts neither tests nor the file itself as importers', () => {
  const dead = sourceFile('src/store/dead.ts', "import './dead.js';\n");
  const test = sourceFile('test/dead.test.ts', "import '../src/store/dead.js';\nit.run();\n");
  assert.match(complaintsAbout(dead, test), 'src/store/dead.ts: nobody imports it');
});

planted('counts a worker that is started by its address as imported', () => {
  const worker = sourceFile('src/digest/job.ts', '');
  const starter = sourceFile(
    'src/server.ts',
    "new Worker(new URL('./digest/job.js', import.meta.url));\n",
  );
  assert.is(complaintsAbout(worker, starter), '');
});

planted.run();
