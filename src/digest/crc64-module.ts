import { leb, moduleOf } from '../base/wasm-module.js';

/** Bytes of one turn of the loop: what is summed has a multiple of them. */
export const turnBytes = 16;
/** Where the register stands in the module's memory. */
export const registerAt = 0;
/** Sixteen tables of 256 entries, 8 bytes each: `[n][b]` is what byte b does n bytes later. */
export const tablesAt = 8;
const tableBytes = 256 * 8;
export const dataAt = tablesAt + turnBytes * tableBytes;

// Of the WebAssembly core specification 2.0, sections 5.3 and 5.4.
const type = { i64: 0x7e, empty: 0x40 } as const;
const unaligned = [0x29, 0];
const op = {
  ...{ loop: [0x03, type.empty], end: [0x0b], branchIf: [0x0d], get: [0x20], set: [0x21] },
  ...{ tee: [0x22], i32Const: [0x41], i32LessUnsigned: [0x49], i32Add: [0x6a], i32And: [0x71] },
  ...{ i64Const: [0x42], load: [0x29, 3], store: [0x37, 3], xor: [0x85], shiftLeft: [0x86] },
  ...{ shiftRight: [0x88], wrap: [0xa7] },
} as const;
const local = { at: 0, end: 1, first: 2, register: 3, second: 4 } as const;
/** 255 entries of 8 bytes, as a signed LEB128. */
const entryMask = [0xf8, 0x0f];

/**
 * A module whose function `run(at, end)` takes the register of a reflected CRC of 64 bits over the
 * bytes [at, end) of its memory: slicing by 16, of which but half waits for the turn before.
 */
export function crc64Module(): Uint8Array {
  const zero = [...op.i32Const, 0];
  const code: number[] = [
    ...[...zero, ...op.load, registerAt, ...op.set, local.register, ...op.loop],
    ...[...op.get, local.at, ...unaligned, 0, ...op.get, local.register, ...op.xor],
    ...[...op.set, local.first, ...op.get, local.at, ...unaligned, 8, ...op.set, local.second],
    ...entries(local.second, 0),
    ...[...entries(local.first, 8), ...op.xor, ...op.set, local.register],
    ...[...op.get, local.at, ...op.i32Const, turnBytes, ...op.i32Add, ...op.tee, local.at],
    ...[...op.get, local.end, ...op.i32LessUnsigned, ...op.branchIf, 0, ...op.end],
    ...[...zero, ...op.get, local.register, ...op.store, registerAt, ...op.end],
  ];
  return moduleOf(2, [1, 3, type.i64, ...code]);
}

/** The sum of the entries for the eight bytes of a word, the last of which has the table `from`. */
function entries(word: number, from: number): number[] {
  return Array.from({ length: 8 }, (_, byte) => {
    const shift = 8 * byte - 3; // to eight times the byte
    const shifted =
      shift < 0
        ? [...op.i64Const, -shift, ...op.shiftLeft]
        : [...op.i64Const, ...leb(shift), ...op.shiftRight];
    const entry = [...op.wrap, ...op.i32Const, ...entryMask, ...op.i32And];
    const table = tablesAt + (from + 7 - byte) * tableBytes;
    const load = [...op.load, ...leb(table), ...(byte > 0 ? op.xor : [])];
    return [...op.get, word, ...shifted, ...entry, ...load];
  }).flat();
}
