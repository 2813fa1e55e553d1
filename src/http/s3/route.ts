import type { Address } from './address.js';
import { type Operation, operations } from './operations.js';
import type { Query } from './query.js';
import { invalidArgument, S3Error } from './s3-error.js';

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
 * @throws S3Error `MethodNotAllowed`; `NotImplemented` where S3 has a meaning that is not served;
 *   `InvalidRequest`, `InvalidArgument` where it has none
 */
export function route(
  method: string,
  address: Address,
  query: Query,
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Operation {
  const { scope } = address;
  const rows = byMethodAndScope.get(`${method} ${scope}`);
  if (rows === undefined)
    throw methodNotAllowed(method, scope === 'service' ? 'SERVICE' : 'BUCKET');
  if (method !== 'PUT') refuseCopySource(headers[copySourceName]);
  const found = rows.find((operation) => isMeant(operation, query, headers));
  if (found !== undefined && [...query].every(([name]) => takes(found, name))) return found;
  throw scope === 'object' ? refusalOfObject(method, query) : new S3Error('NotImplemented');
}

const copySourceName = 'x-amz-copy-source';

function refuseCopySource(value: string | string[] | undefined): void {
  if (value === undefined) return;
  const message = 'You can only specify a copy source header for copy requests.';
  throw invalidArgument(message, copySourceName, String(value));
}

/** What S3 itself says to requests for an object that mean nothing. */
function refusalOfObject(method: string, query: Query): S3Error {
  const [part, upload] = [query.get('partNumber'), query.has('uploadId')];
  if (method === 'PUT' && part !== undefined && !upload)
    return invalidArgument(
      'This operation does not accept partNumber without uploadId',
      'partNumber',
      part,
    );
  if (method === 'PUT' && upload && query.size === 1)
    return methodNotAllowed(method, 'UPLOAD', 'DELETE, POST, GET');
  if (method === 'POST' && query.size === 0)
    return methodNotAllowed(method, 'OBJECT', 'HEAD, DELETE, GET, PUT');
  if (method === 'GET' && query.has('uploads'))
    return new S3Error(
      'InvalidRequest',
      'Key is not expected for the GET method ?uploads subresource',
    );
  if (method === 'GET' && query.has('versions'))
    return new S3Error(
      'InvalidRequest',
      'There is no such thing as the ?versions sub-resource for a key',
    );
  return new S3Error('NotImplemented');
}

function methodNotAllowed(Method: string, ResourceType: string, AllowedMethods = ''): S3Error {
  const details = { Method, ResourceType, ...(AllowedMethods && { AllowedMethods }) };
  return new S3Error('MethodNotAllowed', undefined, { details });
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
