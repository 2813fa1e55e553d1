import type { SourceFile } from './source-file.js';

/** Which folders of src/ a folder may import, besides itself. Files of src/ itself are roots. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  host: ['base'],
  memory: [],
  digest: ['base'],
  merkle: ['base'],
  format: ['base'],
  index: ['base', 'format', 'merkle'],
  erasure: ['base', 'format'],
  encryption: ['base', 'format'],
  log: ['base', 'memory', 'format', 'erasure'],
  catalog: ['base', 'format', 'index', 'log'],
  ledger: ['base', 'format', 'merkle', 'log'],
  witness: ['base', 'format', 'merkle', 'ledger'],
  store: [
    ...[
      'base',
      'memory',
      'format',
      'digest',
      'merkle',
      'index',
      'log',
      'catalog',
      'ledger',
      'encryption',
    ],
  ],
  auth: ['base', 'format'],
  http: ['base', 'memory', 'format', 'digest', 'auth', 'store'],
};

/** Put the parts together, and so may import everything, the host among it. */
const compositionRoots = [/^src\/[^/]+\.ts$/, /^src\/workers\//, /^(tools|bench|test)\//];

/** Started or imported from outside. */
const entryPoints = [/^src\/(index|server)\.ts$/, /^src\/ledger\/verify\.ts$/, /^src\/workers\//];

/** Run in the browser as well: no import of Node or of a package. */
const browserFolders = /^src\/(base|merkle)\//;

const FILE_LINES_MAX = 400;
const LINE_COLUMNS_MAX = 100;

interface Ban {
  readonly what: RegExp;
  readonly why: string;
  readonly in: RegExp;
  readonly except?: RegExp;
}

const plantedTexts = /^test\/tidy\.test\.ts$/;
const host = /^src\/(host|workers)\//;

const bans: readonly Ban[] = [
  {
    what: /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/,
    why: 'time comes from Host.clock',
    in: /^src\//,
    except: host,
  },
  {
    what: /\bMath\.random\b|\brandom(Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b/,
    why: 'chance comes from Host.random',
    in: /^src\//,
    except: host,
  },
  {
    what: /\bset(Timeout|Interval)\(/,
    why: 'timers come from Host.clock',
    in: /^src\//,
    except: host,
  },
  {
    what: /\btimingSafeEqual\b/,
    why: 'secrets are compared in one place, whatever their length',
    in: /^src\//,
    except: /^src\/auth\/same-digest\.ts$/,
  },
  { what: /\bprocess\.exit\(/, why: 'a library returns or throws', in: /^(src|bench)\// },
  { what: /\bconsole\./, why: 'src speaks through its logger', in: /^src\// },
  { what: /\b(Buffer|process)\./, why: 'runs in the browser too', in: browserFolders },
  {
    what: /\bas unknown as\b/,
    why: 'a guard or a decoder says what it is',
    in: /./,
    except: plantedTexts,
  },
  { what: /^\s*export \*/, why: 'names are exported one by one', in: /./ },
  { what: /^\s*export default\b/, why: 'exports have names', in: /./ },
  { what: /\.only\(/, why: 'all tests run', in: /^test\//, except: plantedTexts },
];

type Rule = (file: SourceFile, all: readonly SourceFile[]) => string[];

/** Each rule by the sentence that its test says. */
export const tidyRules: Readonly<Record<string, Rule>> = {
  'folders import only what lies below them': importsDownward,
  'no file imports itself by way of others': importsOneWay,
  'node:fs is imported by the host alone': importsFileSystemInHost,
  'base and merkle import neither Node nor a package': importsNothingOfNode,
  'what the host does, and what we do not do, stays out of the code': usesNothingBanned,
  [`files have at most ${FILE_LINES_MAX} lines`]: staysShort,
  [`lines have at most ${LINE_COLUMNS_MAX} columns`]: staysNarrow,
  'every test file runs its suites': runsItsSuites,
  'every file of src is imported by another, other than by tests': isImported,
  'files are named for what they hold': isNamedForItsContent,
};

function importsDownward(file: SourceFile): string[] {
  if (compositionRoots.some((root) => root.test(file.path))) return [];
  const folder = folderOf(file.path);
  const allowed = mayImport[folder];
  if (allowed === undefined) return [`${file.path}: src/${folder}/ is not in the table of folders`];
  return file.imports
    .filter(({ target, isStarted }) => target.startsWith('src/') && !isStarted)
    .filter(({ target }) => {
      const other = folderOf(target);
      return other !== folder && !allowed.includes(other);
    })
    .map(({ line, target }) => `${file.path}:${line}: src/${folder}/ may not import ${target}`);
}

/** Types count too: whoever reads one file of a circle has to read them all. */
function importsOneWay(file: SourceFile, all: readonly SourceFile[]): string[] {
  const byPath = new Map(all.map((each) => [each.path, each]));
  const met = new Set<string>();
  const toFollow = [file.path];
  for (let path = toFollow.pop(); path !== undefined; path = toFollow.pop()) {
    for (const { target, isStarted } of byPath.get(path)?.imports ?? []) {
      if (isStarted || met.has(target)) continue;
      if (target === file.path && path !== file.path)
        return [`${file.path}: imports itself by way of ${path}`];
      met.add(target);
      toFollow.push(target);
    }
  }
  return [];
}

function importsFileSystemInHost(file: SourceFile): string[] {
  if (!file.path.startsWith('src/') || host.test(file.path)) return [];
  return file.imports
    .filter(({ target }) => /^(node:)?fs(\/|$)/.test(target) || target === 'fs-ext')
    .map(({ line, target }) => `${file.path}:${line}: ${target} is for src/host/`);
}

function importsNothingOfNode(file: SourceFile): string[] {
  if (!browserFolders.test(file.path)) return [];
  return file.imports
    .filter(({ target }) => !target.startsWith('src/'))
    .map(({ line, target }) => `${file.path}:${line}: ${target} is not there in a browser`);
}

function usesNothingBanned(file: SourceFile): string[] {
  return bans
    .filter((ban) => ban.in.test(file.path) && !ban.except?.test(file.path))
    .flatMap(({ what, why }) =>
      file.code.flatMap((code, index) =>
        what.test(code) ? [`${file.path}:${index + 1}: ${code.trim()} (${why})`] : [],
      ),
    );
}

function staysShort(file: SourceFile): string[] {
  const count = file.lines.length - 1; // the last line ends with a newline
  return count > FILE_LINES_MAX ? [`${file.path}: ${count} lines`] : [];
}

function staysNarrow(file: SourceFile): string[] {
  if (!/^(src|tools)\//.test(file.path)) return [];
  return file.lines.flatMap((line, index) => {
    const isLong = line.length > LINE_COLUMNS_MAX && !line.includes('https://');
    return isLong ? [`${file.path}:${index + 1}: ${line.length} columns`] : [];
  });
}

function runsItsSuites(file: SourceFile): string[] {
  if (!file.path.endsWith('.test.ts')) return [];
  const suiteCount = file.code.filter((line) => /\bsuite\(/.test(line)).length;
  // A conformance suite runs itself, for each implementation that it is given.
  const runCount = file.code.filter((line) => /\.run\(\)|Conformance\(/.test(line)).length;
  // A suite without its run passes in silence.
  return runCount === 0 || runCount < suiteCount
    ? [`${file.path}: ${suiteCount} suites, ${runCount} of them run`]
    : [];
}

function isImported(file: SourceFile, all: readonly SourceFile[]): string[] {
  if (!file.path.startsWith('src/')) return [];
  if (entryPoints.some((entry) => entry.test(file.path))) return [];
  const isUsed = all.some(
    (other) =>
      !other.path.startsWith('test/') &&
      other.path !== file.path &&
      other.imports.some(({ target }) => target === file.path),
  );
  return isUsed ? [] : [`${file.path}: nobody imports it`];
}

function isNamedForItsContent(file: SourceFile): string[] {
  const isVague = /(^|[/-])(utils?|helpers?|common|misc)([/.-]|$)/.test(file.path);
  const isBarrel = file.path.endsWith('/index.ts') && file.path !== 'src/index.ts';
  return isVague || isBarrel ? [`${file.path}: names no concept`] : [];
}

function folderOf(path: string): string {
  return path.split('/').length > 2 ? (path.split('/')[1] ?? '') : '';
}
