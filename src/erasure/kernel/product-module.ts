import { leb, moduleOf } from '../../base/wasm-module.js';
import { reductionByte } from '../galois.js';
import type { Matrix } from '../matrix.js';

/** Columns of one turn of the loop: lengths are rounded up to a multiple of it. */
export const columnBytes = 16;

// Of the WebAssembly core specification 2.0, sections 5.3 and 5.4; what begins with 0xfd is SIMD.
const type = { i32: 0x7f, v128: 0x7b, empty: 0x40 } as const;
const op = {
  ...{ loop: [0x03, type.empty], end: [0x0b], branchIf: [0x0d], get: [0x20], set: [0x21] },
  ...{ tee: [0x22], i32Const: [0x41], i32LessUnsigned: [0x49], i32Add: [0x6a] },
  ...{ load: [0xfd, 0x00, 0, 0], store: [0xfd, 0x0b, 0, 0], zero: [0xfd, 0x0c, ...zeros(16)] },
  ...{ splatBytes: [0xfd, 0x0f], bytesGreaterSigned: [0xfd, 0x27], and: [0xfd, 0x4e] },
  ...{ xor: [0xfd, 0x51], addBytes: [0xfd, 0x6e, 0x01] },
} as const;

/**
 * A module whose function `run(lengthBytes, ...inputs, ...outputs)` computes, for each column of
 * bytes, outputs = coefficients x inputs over GF(2^8). Inputs and outputs are addresses of rows in
 * the imported memory; `lengthBytes` is at least 1.
 *
 * The coefficients are built into the code. By Horner's rule over their bits,
 * out = ((S7 * 2 + S6) * 2 + ...) + S0, where Sb is the sum of the inputs whose coefficient has bit
 * b: a sum is an xor, and doubling takes four instructions for 16 bytes, seven times an output. No
 * table is looked up: WebAssembly's instruction for that, i8x16.swizzle, takes three of the machine
 * on x86, twice for each coefficient, and RS(10,4) came to half of this speed with it.
 */
export function productModule(coefficients: Matrix): Uint8Array {
  const outputCount = coefficients.length;
  const inputCount = coefficients[0]?.length ?? 0;
  const parameterCount = 1 + inputCount + outputCount;
  return moduleOf(parameterCount, functionBody(coefficients, inputCount, outputCount));
}

function functionBody(coefficients: Matrix, inputCount: number, outputCount: number): number[] {
  const length = 0;
  const input = (index: number) => 1 + index;
  const output = (index: number) => 1 + inputCount + index;
  const column = 1 + inputCount + outputCount;
  const zero = column + 1;
  const reduction = column + 2;
  const source = (index: number) => column + 3 + index;
  const sum = (index: number) => column + 3 + inputCount + index;

  const declarations = [2, 1, type.i32, ...leb(2 + inputCount + outputCount), type.v128];
  const code: number[] = [
    ...[...op.zero, ...op.set, ...leb(zero)],
    ...[...op.i32Const, ...leb(reductionByte), ...op.splatBytes, ...op.set, ...leb(reduction)],
    ...op.loop,
  ];
  for (let index = 0; index < inputCount; index++)
    code.push(...address(input(index), column), ...op.load, ...op.set, ...leb(source(index)));

  const isBegun = zeros(outputCount);
  for (let bit = 7; bit >= 0; bit--) {
    for (const [row, factors] of coefficients.entries()) {
      const terms = [...factors].flatMap((factor, index) => ((factor >> bit) & 1 ? [index] : []));
      // The terms are summed on their own: hung one by one on the chain of doublings, each would
      // wait for the one before.
      for (const [position, index] of terms.entries())
        code.push(...op.get, ...leb(source(index)), ...(position > 0 ? op.xor : []));
      if (isBegun[row]) code.push(...doubled(sum(row), zero, reduction));
      if (isBegun[row] && terms.length > 0) code.push(...op.xor);
      if (!isBegun[row] && terms.length === 0) continue;
      code.push(...op.set, ...leb(sum(row)));
      isBegun[row] = 1;
    }
  }

  for (let row = 0; row < outputCount; row++)
    code.push(...address(output(row), column), ...op.get, ...leb(sum(row)), ...op.store);
  code.push(
    ...[...op.get, ...leb(column), ...op.i32Const, ...leb(columnBytes), ...op.i32Add],
    ...[...op.tee, ...leb(column), ...op.get, ...leb(length), ...op.i32LessUnsigned],
    ...[...op.branchIf, 0, ...op.end, ...op.end],
  );
  return [...declarations, ...code];
}

/** Leaves twice the bytes of a local on the stack: shifted, and reduced where the top bit fell. */
function doubled(local: number, zero: number, reduction: number): number[] {
  const value = [...op.get, ...leb(local)];
  return [
    ...[...value, ...value, ...op.addBytes],
    ...[...op.get, ...leb(zero), ...value, ...op.bytesGreaterSigned],
    ...[...op.get, ...leb(reduction), ...op.and, ...op.xor],
  ];
}

function address(base: number, column: number): number[] {
  return [...op.get, ...leb(base), ...op.get, ...leb(column), ...op.i32Add];
}

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}
