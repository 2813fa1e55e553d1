/** Times as SigV4 writes them: `20130524T000000Z`. */

const amzDatePattern = /^\d{8}T([01]\d|2[0-3])[0-5]\d[0-5]\dZ$/;

/** @returns milliseconds since 1970, or undefined for what is no time */
export function parseAmzDate(text: string): number | undefined {
  if (!amzDatePattern.test(text)) return undefined;
  const number = (start: number, end: number) => Number(text.slice(start, end));
  const month = number(4, 6) - 1;
  const day = number(6, 8);
  const timeMs = Date.UTC(number(0, 4), month, day, number(9, 11), number(11, 13), number(13, 15));
  const date = new Date(timeMs); // the 31st of February is no day
  const isDay = date.getUTCDate() === day && date.getUTCMonth() === month;
  return isDay && timeMs >= 0 ? timeMs : undefined;
}

export function formatAmzDate(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}
