/** Times as SigV4 writes them: `20130524T000000Z`. */

const amzDatePattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** @returns milliseconds since 1970, or undefined for what is no time */
export function parseAmzDate(text: string): number | undefined {
  const parts = amzDatePattern.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number);
  const timeMs = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
  return formatAmzDate(timeMs) === text ? timeMs : undefined; // the 31st of February is no day
}

export function formatAmzDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
