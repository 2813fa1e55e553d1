import { invariant } from '../base/invariant.js';
import type { Codec, CodecKind } from './codec.js';
import { plainProduct } from './kernel/plain-product.js';
import { isSimdThere, simdProduct } from './kernel/simd-product.js';
import { PackageCodec } from './package-codec.js';
import { ProductCodec } from './product-codec.js';

/**
 * @param kind without one, SIMD where the engine has it
 * @param packageWasm the content of the file `packageWasmName`, for the kind `package`
 */
export function openCodec(
  kind: CodecKind = isSimdThere ? 'simd' : 'plain',
  packageWasm?: Uint8Array,
): Codec {
  if (kind !== 'package')
    return new ProductCodec(kind, kind === 'simd' ? simdProduct : plainProduct);
  invariant(packageWasm !== undefined, 'the package comes with its WebAssembly');
  return new PackageCodec(packageWasm);
}
