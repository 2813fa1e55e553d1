import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Edge } from './edge.js';
import type { WebServer } from './guards.js';
import { XmlWriter } from './s3/xml.js';

interface Refusal {
  readonly status: string;
  readonly code: string;
  readonly message: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    status: '431 Request Header Fields Too Large',
    code: 'RequestHeaderSectionTooLarge',
    message: 'Your request header section exceeds the maximum allowed size.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: '408 Request Timeout',
    code: 'RequestTimeout',
    message: 'Your request did not come in time.',
  },
};
const badRequest: Refusal = {
  status: '400 Bad Request',
  code: 'BadRequest',
  message: 'Your request is not well-formed HTTP.',
};

/**
 * Answers what Node cannot read as a request, as every other error is answered, and closes the
 * connection: nobody knows where a next request would begin.
 */
export function answerUnparsed(server: WebServer, edge: Edge): void {
  const answers = new WeakMap<Socket, ServerResponse>();
  const keep = (req: IncomingMessage, res: ServerResponse) => answers.set(req.socket, res);
  server.on('request', keep);
  server.on('checkContinue', keep); // instead of `request`, where the client waits for word
  server.on('clientError', ({ code }: NodeJS.ErrnoException, socket: Socket) => {
    const current = answers.get(socket);
    // Into an answer that is under way nothing else may be written.
    const isUnderWay = current?.headersSent === true && !current.writableFinished;
    if (socket.writable && !isUnderWay)
      socket.write(refusalBytes(edge, refusals[code ?? ''] ?? badRequest));
    socket.destroy();
  });
}

function refusalBytes({ requestIds }: Edge, { status, code, message }: Refusal): string {
  const requestId = requestIds.next();
  const xml = new XmlWriter().open('Error').element('Code', code).element('Message', message);
  xml.element('RequestId', requestId).element('HostId', requestIds.hostId).close('Error');
  const body = xml.toString();
  return [
    `HTTP/1.1 ${status}`,
    'connection: close',
    'content-type: application/xml',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-amz-request-id: ${requestId}`,
    `x-amz-id-2: ${requestIds.hostId}`,
    `\r\n${body}`,
  ].join('\r\n');
}
