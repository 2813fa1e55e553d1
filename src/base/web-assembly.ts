/**
 * What we use of the engine's WebAssembly, which neither the ES library's types nor Node's declare.
 */
declare const WebAssembly: {
  readonly Memory: new (options: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: true;
  }) => SharedMemory;
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: { readonly host: { readonly memory: SharedMemory } },
  ) => { readonly exports: { readonly run?: unknown } };
  validate(bytes: Uint8Array): boolean;
};

/** Memory that all threads and the file system reach. Can be posted to a worker. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

declare const compiled: unique symbol;
export interface WasmModule {
  readonly [compiled]: true;
}

const pageBytes = 65_536;

export function sharedMemory(sizeBytes: number): SharedMemory {
  const pageCount = Math.ceil(sizeBytes / pageBytes);
  return new WebAssembly.Memory({ initial: pageCount, maximum: pageCount, shared: true });
}

export function compileModule(bytes: Uint8Array): WasmModule {
  return new WebAssembly.Module(bytes);
}

/** The module's one function, over that memory. */
export function instantiate(
  module: WasmModule,
  memory: SharedMemory,
): (...values: number[]) => void {
  const { run } = new WebAssembly.Instance(module, { host: { memory } }).exports;
  if (typeof run !== 'function') throw new TypeError('the module exports run');
  return (...values) => {
    run(...values);
  };
}

/** Whether the engine takes this module; without SIMD it refuses those of `product-module.ts`. */
export function isValidModule(bytes: Uint8Array): boolean {
  return WebAssembly.validate(bytes);
}
