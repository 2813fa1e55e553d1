import { limits } from '../../src/base/limits.js';
import { environmentName, optionKeys, optionName, optionOf } from '../../src/config.js';
import { type Operation, operations } from '../../src/http/s3/operations.js';
import { shownSize } from '../output.js';

/** The documents that hold tables made from the code, by path from the project's root. */
export const documents = ['README.md', 'docs/S3.md', 'docs/configuration.md'] as const;

const tables: Readonly<Record<string, () => string>> = {
  settings: settingsTable,
  limits: limitsTable,
  operations: operationsTable,
};

/** The text with each `<!-- made: NAME -->` … `<!-- end -->` holding what the code says now. */
export function withTables(text: string): string {
  return text.replace(
    /(<!-- made: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = tables[name];
      if (table === undefined) throw new Error(`there is no table '${name}'`);
      return `${begin}${table()}\n${end}`;
    },
  );
}

function settingsTable(): string {
  const rows = optionKeys.map((key) => {
    const { secret, kind, description, default: preset } = optionOf(key);
    const flag = secret ? '' : `\`--${optionName(key)}\``;
    const choices = kind.is === 'choice' ? ` (${kind.choices.join(', ')})` : '';
    return [
      flag,
      `\`${environmentName(key)}\``,
      preset === undefined ? '' : `\`${preset}\``,
      `${description}${choices}`,
    ];
  });
  return tableOf(['flag', 'variable', 'default', 'meaning'], rows);
}

function limitsTable(): string {
  return tableOf(
    ['what', 'limit'],
    [
      ['key', `${limits.keyBytesMax} bytes of UTF-8`],
      ['bucket name', `3 to ${limits.bucketNameBytesMax} bytes`],
      ['headers and metadata of an object', shownSize(limits.metadataBytesMax)],
      ['object', shownSize(limits.objectBytesMax)],
      ['one PUT, one part', shownSize(limits.putBytesMax)],
      ['least part, the last one excepted', shownSize(limits.partBytesMin)],
      ['parts of an upload', String(limits.partCountMax)],
      ['mutations of a transaction', String(limits.transactionMutationsMax)],
      ['page of a listing', String(limits.listPageMax)],
      [
        'segment file',
        `${shownSize(limits.segmentBytesMin)} to ${shownSize(limits.segmentBytesMax)}`,
      ],
    ],
  );
}

/** Every operation of S3 that a request can ask for, those that are served first. */
function operationsTable(): string {
  const scopes = ['service', 'bucket', 'object'] as const;
  const rows = scopes.flatMap((scope) => {
    const all = operations.filter((operation) => operation.scope === scope);
    const byName = all.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const served = byName.filter(({ handle }) => handle !== undefined);
    const others = byName.filter(({ handle }) => handle === undefined);
    return [...served, ...others].map(operationRow);
  });
  return tableOf(['operation', 'request', 'served', 'notes'], rows);
}

function operationRow({ name, method, scope, query, header, partly, handle }: Operation): string[] {
  const path = { service: '/', bucket: '/BUCKET', object: '/BUCKET/KEY' }[scope];
  const selectors = query.length === 0 ? '' : `?${query.join('&')}`;
  const selecting = header === undefined ? '' : ` with ${header}`;
  const served = handle === undefined ? 'No' : partly === undefined ? 'Yes' : 'Partly';
  return [name, `\`${method} ${path}${selectors}\`${selecting}`, served, partly ?? ''];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = (cell: string) => cell.replaceAll('|', '\\|');
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
