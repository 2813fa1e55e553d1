import { BlockList, isIP } from 'node:net';

/** Ranges broader than that are public, as S3 has it. */
const narrowBits = { ipv4: 8, ipv6: 32 } as const;

/** Addresses as policies write them: `203.0.113.0/24`, `2001:db8::/32`, or one address. */
export class IpRange {
  readonly #list = new BlockList();
  /** Whether it names no place: two halves hold every address as well as the whole does. */
  readonly isBroad: boolean;

  private constructor(address: string, prefixBits: number, family: 'ipv4' | 'ipv6') {
    this.#list.addSubnet(address, prefixBits, family);
    this.isBroad = prefixBits < narrowBits[family];
  }

  /** Undefined for what is no range. */
  static parse(text: string): IpRange | undefined {
    const [address = '', prefix, ...rest] = text.split('/');
    const version = isIP(address);
    if (version === 0 || rest.length > 0) return undefined;
    const bitsMax = version === 4 ? 32 : 128;
    if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return undefined;
    const bits = prefix === undefined ? bitsMax : Number(prefix);
    if (bits > bitsMax) return undefined;
    return new IpRange(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  }
}

/** A socket that takes both families shows IPv4 as `::ffff:192.0.2.1`. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}
