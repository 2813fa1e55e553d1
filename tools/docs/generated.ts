import { limits } from '../../src/base/limits.js';
import { environmentName, optionKeys, optionName, optionOf } from '../../src/config.js';
import { shownSize } from '../output.js';

/** The documents that hold tables made from the code, by path from the project's root. */
export const documents = ['README.md', 'docs/configuration.md'] as const;

const tables: Readonly<Record<string, () => string>> = {
  settings: settingsTable,
  limits: limitsTable,
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

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = (cell: string) => cell.replaceAll('|', '\\|');
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
