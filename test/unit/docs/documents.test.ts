import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { documents as generated, withTables } from '../../../tools/docs/generated.js';
import { exitCodes } from '../../../tools/exit-code.js';

const documents = suite('documents');
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

for (const path of generated)
  documents(`${path} holds the tables that the code makes (else: npm run docs)`, () => {
    assert.is(read(path), withTables(read(path)));
  });

documents('every link to a file of the project leads somewhere', () => {
  const pages = [
    'README.md',
    'CHANGELOG.md',
    ...readdirSync(join(root, 'docs')).map((n) => `docs/${n}`),
  ];
  for (const page of pages.filter((each) => each.endsWith('.md')))
    for (const [, target] of read(page).matchAll(/\]\(([^)#:]+)\)/g))
      assert.ok(existsSync(join(root, dirname(page), target ?? '')), `${page}: ${target}`);
});

documents('docs/operations.md names each exit code', () => {
  for (const code of Object.values(exitCodes))
    assert.match(read('docs/operations.md'), new RegExp(`^\\| ${code} \\| `, 'm'));
});

documents('a table that is out of date is found', () => {
  const old = '<!-- made: limits -->\n| key | 7 bytes |\n<!-- end -->';
  assert.is.not(withTables(old), old);
  assert.throws(() => withTables('<!-- made: nothing -->\n<!-- end -->'), /no table 'nothing'/);
});

documents.run();
