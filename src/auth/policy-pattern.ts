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
  readonly #parts: readonly (number | Variable)[];
  readonly #plain: string | undefined;
  readonly #codes: readonly number[] | undefined;
  readonly #wildcards: Wildcards | undefined;

  constructor(
    readonly source: string,
    withVariables: boolean,
    withWildcards = true,
  ) {
    this.#parts = partsOf(source, withVariables, withWildcards);
    const codes = this.#parts.filter((part) => typeof part === 'number');
    if (codes.length < this.#parts.length) return;
    this.#codes = codes;
    if (codes.every((code) => code >= 0)) this.#plain = textOf(codes);
    else this.#wildcards = new Wildcards(codes);
  }

  /** The keys of the request that its variables read. */
  get keys(): string[] {
    return this.#parts.flatMap((part) => (typeof part === 'number' ? [] : [part.key]));
  }

  matches(text: string, values: RequestValues): boolean {
    if (this.#plain !== undefined) return this.#plain === text;
    if (this.#wildcards !== undefined) return this.#wildcards.matches(text);
    const codes = this.#expanded(values);
    return codes !== undefined && new Wildcards(codes).matches(text);
  }

  /** The same of one without wildcards, in any case. */
  matchesInAnyCase(text: string, values: RequestValues): boolean {
    const codes = this.#codes ?? this.#expanded(values);
    return codes !== undefined && textOf(codes).toLowerCase() === text.toLowerCase();
  }

  /** Undefined where the request has no value for a variable: then nothing matches. */
  #expanded(values: RequestValues): number[] | undefined {
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
    return codes;
  }
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
