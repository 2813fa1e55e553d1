import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { packageWasmName } from '../../../src/erasure/package-codec.js';

/** The WebAssembly of the package that the codecs are held against. */
export function packageWasm(): Uint8Array {
  return readFileSync(fileURLToPath(import.meta.resolve(packageWasmName)));
}
