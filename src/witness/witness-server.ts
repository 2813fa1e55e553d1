import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Witness, WitnessAnswer } from './witness.js';

/** 63 hashes, and a note with a signature of each kind of dozens of witnesses. */
const bodyBytesMax = 128 * 1024;
const requestTimeoutMs = 10_000;
const connectionsMax = 256;

/** What is worth a line in the operator's log. */
export interface WitnessLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * C2SP tlog-witness over HTTP: `POST /add-checkpoint`. Answers nothing else, and needs no
 * authentication: a checkpoint is signed by its log, and whoever sends it may be anyone.
 */
export function createWitnessServer(witness: Witness, logger: WitnessLogger): Server {
  const options = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: 1000,
  };
  const server = createServer(options, (request, response) => {
    // A rejection here would be a failure to write an answer to a socket: there is nobody to tell.
    void answer(witness, logger, request, response).catch(() => response.destroy());
  });
  server.maxConnections = connectionsMax;
  return server;
}

async function answer(
  witness: Witness,
  logger: WitnessLogger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.url !== '/add-checkpoint') return refuse(response, 404, 'POST /add-checkpoint');
  if (request.method !== 'POST') return refuse(response, 405, 'POST /add-checkpoint');
  const body = await bodyOf(request);
  if (body === undefined) return refuse(response, 413, 'that is longer than any checkpoint');
  let given: WitnessAnswer;
  try {
    given = await witness.addCheckpoint(body);
  } catch (error) {
    logger.error({ err: error }, 'a checkpoint was not signed');
    return refuse(response, 500, 'the witness failed');
  }
  const { status, contentType, text, evidence } = given;
  if (evidence !== undefined) logger.warn({ evidence }, 'a log contradicts itself');
  logger.info({ status, from: request.socket.remoteAddress }, 'add-checkpoint');
  response.writeHead(status, { 'content-type': contentType });
  response.end(text);
}

/** Undefined if it is too long; the rest of it is then not read. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += chunk.length;
    if (sizeBytes > bodyBytesMax) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${text}\n`);
}
