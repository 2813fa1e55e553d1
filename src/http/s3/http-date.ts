/** Times as HTTP headers write them, RFC 9110 §5.6.7; whole seconds. */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const time = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d)';
const forms = [
  `[A-Z][a-z]{2}, (?<day>\\d\\d) (?<month>[A-Z][a-z]{2}) (?<year>\\d{4}) ${time} GMT`,
  `[A-Z][a-z]{5,8}, (?<day>\\d\\d)-(?<month>[A-Z][a-z]{2})-(?<year>\\d\\d) ${time} GMT`, // RFC 850
  `[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[ \\d]\\d) ${time} (?<year>\\d{4})`, // asctime
].map((form) => new RegExp(`^${form}$`));

/** @returns milliseconds since 1970, or undefined for what is no date, which headers then ignore */
export function parseHttpDate(text: string): number | undefined {
  for (const form of forms) {
    const fields = form.exec(text)?.groups;
    if (fields !== undefined) return timeOf(fields);
  }
  return undefined;
}

export function formatHttpDate(timeMs: number): string {
  return new Date(timeMs).toUTCString();
}

function timeOf(fields: Readonly<Record<string, string>>): number | undefined {
  const number = (name: string) => Number(fields[name]);
  const month = months.indexOf(fields.month ?? '');
  let year = number('year');
  if (fields.year?.length === 2) year += year < 70 ? 2000 : 1900;
  const [hour, minute, second] = [number('hour'), number('minute'), number('second')];
  const timeMs = Date.UTC(year, month, number('day'), hour, minute, second);
  const date = new Date(timeMs); // the 31st of February is no day
  return date.getUTCMonth() === month && date.getUTCDate() === number('day') ? timeMs : undefined;
}
