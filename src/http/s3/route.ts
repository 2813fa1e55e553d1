import type { Address } from './address.js';
import { type Operation, operations } from './operations.js';
import type { Query } from './query.js';
import { S3Error } from './s3-error.js';

const byMethodAndScope = new Map<string, Operation[]>();
/** Names of all query parameters that select some operation: never to be ignored. */
const selectors = new Set<string>();
for (const operation of operations) {
  const place = `${operation.method} ${operation.scope}`;
  const rows = byMethodAndScope.get(place);
  if (rows === undefined) byMethodAndScope.set(place, [operation]);
  else rows.push(operation);
  for (const condition of operation.query) selectors.add(nameOf(condition));
}

/**
 * Finds the operation that a request asks for. A sub-resource never falls through to the plain
 * operation of its method: that would overwrite the object that it belongs to.
 * @throws S3Error `MethodNotAllowed`; `NotImplemented` where S3 has a meaning that is not served
 */
export function route(
  method: string,
  address: Address,
  query: Query,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Operation {
  const rows = byMethodAndScope.get(`${method} ${address.scope}`);
  if (rows === undefined) throw new S3Error('MethodNotAllowed');
  const found = rows.find((operation) => isMeant(operation, query, headers));
  if (found === undefined) throw new S3Error('NotImplemented');
  for (const [name] of query) if (!takes(found, name)) throw new S3Error('NotImplemented');
  return found;
}

function isMeant(
  operation: Operation,
  query: Query,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): boolean {
  if (operation.header !== undefined && headers[operation.header] === undefined) return false;
  return operation.query.every((condition) => holds(condition, query));
}

function holds(condition: string, query: Query): boolean {
  const equals = condition.indexOf('=');
  if (equals === -1) return query.has(condition);
  return query.get(condition.slice(0, equals)) === condition.slice(equals + 1);
}

function takes(operation: Operation, name: string): boolean {
  if (!selectors.has(name)) return true;
  if (operation.parameters.includes(name)) return true;
  return operation.query.some((condition) => nameOf(condition) === name);
}

function nameOf(condition: string): string {
  const equals = condition.indexOf('=');
  return equals === -1 ? condition : condition.slice(0, equals);
}
