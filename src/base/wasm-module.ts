// Of the WebAssembly core specification 2.0, section 5.5.
const section = { types: 1, imports: 2, functions: 3, exports: 7, code: 10 } as const;
const external = { function: 0, memory: 2 } as const;
const [functionType, i32] = [0x60, 0x7f];
const sharedWithMaximum = 3;
const pagesMax = 65_536;

/**
 * A module with one function, `run`, of so many parameters of type i32 and without a result, over
 * a memory that it imports.
 * @param body its declarations of locals and its code
 */
export function moduleOf(parameterCount: number, body: readonly number[]): Uint8Array {
  const parameters = new Array<number>(parameterCount).fill(i32);
  const limits = [sharedWithMaximum, ...leb(0), ...leb(pagesMax)];
  const memory = [...text('host'), ...text('memory'), external.memory, ...limits];
  return Uint8Array.from([
    ...[0, ...ascii('asm'), 1, 0, 0, 0],
    ...sectionOf(section.types, [1, functionType, ...vector(parameters), 0]),
    ...sectionOf(section.imports, [1, ...memory]),
    ...sectionOf(section.functions, [1, 0]),
    ...sectionOf(section.exports, [1, ...text('run'), external.function, 0]),
    ...sectionOf(section.code, [1, ...leb(body.length), ...body]),
  ]);
}

function sectionOf(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function vector(bytes: readonly number[]): number[] {
  return [...leb(bytes.length), ...bytes];
}

function text(name: string): number[] {
  return vector(ascii(name));
}

/** LEB128 of what is not negative. As a constant, which is signed, only what is below 64. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

function ascii(name: string): number[] {
  return [...name].map((character) => character.charCodeAt(0));
}
