import { invariant } from '../base/invariant.js';

const capacityFirst = 64;
const entryOverheadBytes = 64; // of this cache's own arrays and the value's object header, about
const shareOfOneMax = 1 / 8; // of the cache that one value may take

/**
 * Verified records by sequence number, bounded by their bytes. Eviction is CLOCK: a hit only sets
 * a bit, and the hand takes the first entry whose bit is not set since it last came by, so one
 * long scan does not throw out what is read again and again. A hit costs one hash and no call.
 */
export class RecordCache<Value> {
  #keys = new Float64Array(capacityFirst); // by slot; 0 = free, as sequence numbers start at 1
  #sizes = new Float64Array(capacityFirst);
  #next = new Int32Array(capacityFirst); // 1 + the next slot of the bucket, or of the free slots
  #visited = new Uint8Array(capacityFirst);
  #values: (Value | undefined)[] = new Array<Value | undefined>(capacityFirst).fill(undefined);
  #buckets = new Int32Array(capacityFirst); // 1 + the first slot
  #used = 0; // slots ever used
  #free = 0; // 1 + the first free slot below #used
  #hand = 0;
  #count = 0;
  #sizeBytes = 0;

  constructor(readonly bytesMax: number) {}

  get count(): number {
    return this.#count;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(sequence: number): Value | undefined {
    const slot = this.#find(sequence);
    if (slot < 0) return undefined;
    this.#visited[slot] = 1;
    return this.#values[slot];
  }

  /** Takes `value` in place of what was there. A value too large for the cache is not kept. */
  set(sequence: number, value: Value, valueBytes: number): void {
    invariant(sequence > 0, 'sequence numbers start at 1');
    this.delete(sequence);
    const sizeBytes = valueBytes + entryOverheadBytes;
    if (sizeBytes > this.bytesMax * shareOfOneMax) return;
    while (this.#sizeBytes + sizeBytes > this.bytesMax) this.#evictOne();
    const slot = this.#takeSlot();
    const bucket = this.#bucketOf(sequence);
    this.#keys[slot] = sequence;
    this.#sizes[slot] = sizeBytes;
    this.#visited[slot] = 0;
    this.#values[slot] = value;
    this.#next[slot] = this.#buckets[bucket] as number;
    this.#buckets[bucket] = slot + 1;
    this.#count++;
    this.#sizeBytes += sizeBytes;
  }

  delete(sequence: number): void {
    const slot = this.#find(sequence);
    if (slot >= 0) this.#remove(slot);
  }

  clear(): void {
    for (let slot = 0; slot < this.#used; slot++) if (this.#keys[slot] !== 0) this.#remove(slot);
  }

  #find(sequence: number): number {
    let slot = (this.#buckets[this.#bucketOf(sequence)] as number) - 1;
    while (slot >= 0 && this.#keys[slot] !== sequence) slot = (this.#next[slot] as number) - 1;
    return slot;
  }

  #bucketOf(sequence: number): number {
    // The top bits of a product by an odd constant: strides of any length spread evenly.
    const product = Math.imul(sequence ^ (sequence / 2 ** 32), 0x9e3779b1);
    return product >>> Math.clz32(this.#buckets.length - 1);
  }

  #evictOne(): void {
    for (;;) {
      const slot = this.#hand;
      this.#hand = slot + 1 < this.#used ? slot + 1 : 0;
      if (this.#keys[slot] === 0) continue;
      if (this.#visited[slot] === 0) {
        this.#remove(slot);
        return;
      }
      this.#visited[slot] = 0;
    }
  }

  #remove(slot: number): void {
    const bucket = this.#bucketOf(this.#keys[slot] as number);
    const after = this.#next[slot] as number;
    let before = (this.#buckets[bucket] as number) - 1;
    if (before === slot) {
      this.#buckets[bucket] = after;
    } else {
      while (this.#next[before] !== slot + 1) before = (this.#next[before] as number) - 1;
      this.#next[before] = after;
    }
    this.#sizeBytes -= this.#sizes[slot] as number;
    this.#count--;
    this.#keys[slot] = 0;
    this.#values[slot] = undefined;
    this.#next[slot] = this.#free;
    this.#free = slot + 1;
  }

  #takeSlot(): number {
    if (this.#free > 0) {
      const slot = this.#free - 1;
      this.#free = this.#next[slot] as number;
      return slot;
    }
    if (this.#used === this.#keys.length) this.#grow();
    return this.#used++;
  }

  #grow(): void {
    const capacity = this.#keys.length * 2;
    this.#keys = grown(new Float64Array(capacity), this.#keys);
    this.#sizes = grown(new Float64Array(capacity), this.#sizes);
    this.#next = new Int32Array(capacity);
    this.#visited = grown(new Uint8Array(capacity), this.#visited);
    while (this.#values.length < capacity) this.#values.push(undefined);
    this.#buckets = new Int32Array(capacity);
    for (let slot = 0; slot < this.#used; slot++) {
      const bucket = this.#bucketOf(this.#keys[slot] as number);
      this.#next[slot] = this.#buckets[bucket] as number;
      this.#buckets[bucket] = slot + 1;
    }
  }
}

function grown<Words extends Float64Array | Uint8Array>(larger: Words, smaller: Words): Words {
  larger.set(smaller);
  return larger;
}
