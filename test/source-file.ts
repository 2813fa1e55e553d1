import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** A source file of the project, as the tidy rules see it. */
export interface SourceFile {
  /** From the root of the project, `/` between names. */
  readonly path: string;
  readonly lines: readonly string[];
  /** The same lines with comments blanked out. */
  readonly code: readonly string[];
  readonly imports: readonly Import[];
}

export interface Import {
  readonly line: number;
  /** `src/base/host.ts` for a file of ours, else as written: `node:fs`, `express`. */
  readonly target: string;
  /** Named by its address, to be started as a worker: not loaded by the file that names it. */
  readonly isStarted: boolean;
}

export function sourceFile(path: string, text: string): SourceFile {
  const code = withoutComments(text);
  return {
    path,
    lines: text.split('\n'),
    code: code.split('\n'),
    imports: importsOf(path, code),
  };
}

/** All TypeScript of the project below `folders`. */
export function readSources(folders: readonly string[]): SourceFile[] {
  const root = projectRoot();
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`)
      .sort()
      .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8'))),
  );
}

function projectRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

const importForms = [
  /\bfrom\s+'([^']+)'/g, // import and export ... from
  /^import\s+'([^']+)'/gm,
  /\bimport\(\s*'([^']+)'/g,
];
const startForm = /\bnew URL\(\s*'([^']+)',\s*import\.meta\.url/g;

function importsOf(path: string, code: string): Import[] {
  return [...importForms, startForm].flatMap((form) =>
    [...code.matchAll(form)].map((match) => ({
      line: code.slice(0, match.index).split('\n').length,
      target: targetOf(path, match[1] ?? ''),
      isStarted: form === startForm,
    })),
  );
}

function targetOf(path: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return normalize(join(dirname(path), specifier)).replace(/\.js$/, '.ts');
}

/** Strings stay, so that what looks like a comment inside one does too. */
function withoutComments(text: string): string {
  const stringOrComment =
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(stringOrComment, (piece) =>
    piece.startsWith('/') ? piece.replace(/[^\n]/g, ' ') : piece,
  );
}
