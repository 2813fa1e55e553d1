import { readFileSync, writeFileSync } from 'node:fs';
import { documents, withTables } from './generated.js';

const root = new URL('../../../', import.meta.url); // from dist/tools/docs/

for (const document of documents) {
  const path = new URL(document, root);
  writeFileSync(path, withTables(readFileSync(path, 'utf8')));
  console.log(`wrote ${document}`);
}
