import { anyCharacter, anyText, textOf, Wildcards } from './wildcards.js';

/** The values of a request that policies look at; of most keys there is one or none. */
export type RequestValues = (key: string) => readonly string[] | undefined;

interface Variable {
  readonly key: string;
  /** Used where the request has no such value. */
  readonly otherwise: string | undefined;
}

/**
 * Text of a policy in which `*` stands for any text and `?` for any character. With variables,
 * `${aws:username}` stands for a value of the request, and `${*}`, `${?}`, `${$}` for themselves.
 * What a variable gives is taken literally: nobody's name is a wildcard.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export class PolicyPattern {
  /** Ready to be compared; undefined where variables say only with each request what it is. */
  readonly #ready: string | Wildcards | undefined;
  /** Empty without variables. */
  readonly #parts: readonly (number | Variable)[];

  constructor(source: string, withVariables: boolean, withWildcards = true) {
    const parts = partsOf(source, withVariables, withWildcards);
    const codes = parts.filter((part) => typeof part === 'number');
    const isFixed = codes.length === parts.length;
    this.#ready = isFixed ? readyOf(codes) : undefined;
    this.#parts = isFixed ? [] : parts;
  }

  /** The keys of the request that its variables read. */
  get keys(): string[] {
    return this.#parts.flatMap((part) => (typeof part === 'number' ? [] : [part.key]));
  }

  matches(text: string, values: RequestValues): boolean {
    const ready = this.#ready ?? this.#expanded(values);
    return ready instanceof Wildcards ? ready.matches(text) : ready === text;
  }

  /** The same of one without wildcards, in any case. */
  matchesInAnyCase(text: string, values: RequestValues): boolean {
    const ready = this.#ready ?? this.#expanded(values);
    return typeof ready === 'string' && ready.toLowerCase() === text.toLowerCase();
  }

  /** Undefined where the request has no value for a variable: then nothing matches. */
  #expanded(values: RequestValues): string | Wildcards | undefined {
    const codes: number[] = [];
    for (const part of this.#parts) {
      if (typeof part === 'number') codes.push(part);
      else {
        const found = values(part.key);
        const text = found?.length === 1 ? found[0] : part.otherwise;
        if (text === undefined) return undefined;
        codes.push(...codesOf(text));
      }
    }
    return readyOf(codes);
  }
}

/** Text alone is kept as such: of a pattern's characters there may be twenty thousand a bucket. */
function readyOf(codes: readonly number[]): string | Wildcards {
  return codes.some((code) => code < 0) ? new Wildcards(codes) : textOf(codes);
}

/** `pattern` alone, without variables. */
export function matchesWildcards(pattern: string, text: string): boolean {
  return new Wildcards(codesOf(pattern).map(wildcardOf)).matches(text);
}

const starCode = 0x2a;
const questionCode = 0x3f;

function wildcardOf(code: number): number {
  if (code === starCode) return anyText;
  return code === questionCode ? anyCharacter : code;
}

function partsOf(
  source: string,
  withVariables: boolean,
  withWildcards: boolean,
): (number | Variable)[] {
  const parts: (number | Variable)[] = [];
  for (let at = 0; at < source.length; ) {
    const variable = withVariables ? variableAt(source, at) : undefined;
    if (variable !== undefined) {
      parts.push(variable.part);
      at += variable.length;
      continue;
    }
    const code = source.charCodeAt(at);
    parts.push(withWildcards ? wildcardOf(code) : code);
    at += 1;
  }
  return parts;
}

const variablePattern = /\$\{(?:([*?$])|([\w:./-]+)\s*(?:,\s*'([^']*)'\s*)?)\}/y;

function variableAt(
  source: string,
  at: number,
): { part: number | Variable; length: number } | undefined {
  if (source.charCodeAt(at) !== 0x24) return undefined;
  variablePattern.lastIndex = at;
  const found = variablePattern.exec(source);
  if (found === null) return undefined;
  const [{ length }, itself, key = '', otherwise] = found;
  if (itself !== undefined) return { part: itself.charCodeAt(0), length };
  return { part: { key: conditionKey(key), otherwise }, length };
}

/** Keys are alike in any case; what stands behind a slash is the name of a tag. */
export function conditionKey(key: string): string {
  const slash = key.indexOf('/');
  if (slash === -1) return key.toLowerCase();
  return key.slice(0, slash).toLowerCase() + key.slice(slash);
}

function codesOf(text: string): number[] {
  return Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
}
