import { Agent, request } from 'node:http';
import { signRequest } from '../../src/auth/sign.js';
import { Served } from './logstore-process.js';

export const raceCredentials = { accessKeyId: 'RACE', secret: 'a-secret-of-the-race' };
const environment = {
  LOGSTORE_ACCESS_KEY: raceCredentials.accessKeyId,
  LOGSTORE_SECRET_KEY: raceCredentials.secret,
};

export interface Reply {
  /** Undefined where the server went before it had answered. */
  readonly status: number | undefined;
  readonly etag: string;
  readonly body: string;
}

/** A server in a process of its own, which is killed and started again, and clients for it. */
export class Arena implements AsyncDisposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  private constructor(
    private readonly dir: string,
    private served: Served,
  ) {}

  static async open(dir: string): Promise<Arena> {
    return new Arena(dir, await start(dir));
  }

  /** SIGKILL, and up again from what is on the disk. */
  async killAndStart(): Promise<void> {
    this.served.child.kill('SIGKILL');
    await this.served.ended;
    this.served = await start(this.dir);
  }

  kill(): void {
    this.served.child.kill('SIGKILL');
  }

  /** Never throws for a server that is gone. */
  send(
    method: string,
    target: string,
    headers: Readonly<Record<string, string>> = {},
    body = '',
  ): Promise<Reply> {
    const { host, hostname, port } = new URL(this.served.url);
    const [rawPath = '', rawQuery = ''] = target.split('?');
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const own: Record<string, string> = { host, ...length, ...headers };
    const options = { credentials: raceCredentials, region: 'us-east-1', timeMs: Date.now() };
    const toSign = { method, rawPath, rawQuery, headers: own };
    const signed = { ...own, ...signRequest(toSign, 'UNSIGNED-PAYLOAD', options).headers };
    return new Promise((resolve) => {
      const gone = () => resolve({ status: undefined, etag: '', body: '' });
      const agent = this.#agent;
      const sent = request({ hostname, port, method, path: target, headers: signed, agent });
      sent.on('error', gone);
      sent.on('response', (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', gone);
        answer.on('end', () =>
          resolve({ status: answer.statusCode, etag: answer.headers.etag ?? '', body: text }),
        );
      });
      sent.end(body);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.served[Symbol.asyncDispose]();
  }
}

function start(dir: string): Promise<Served> {
  return Served.start(['--dir', dir, '--reserve-size', '0', '--log-level', 'info'], environment);
}

/** What a round is about: what the key is before, and on what condition all write to it. */
export type Before = 'nothing' | 'an object' | 'a delete marker';

export interface Tally {
  rounds: number;
  kills: number;
  /** Rounds in which the server was killed before it had told anybody that he has won. */
  untold: number;
}

const clientCount = 64;

/**
 * Races of 64 clients each for one key, all on the condition that it is as they know it. Exactly
 * one wins: one is told so, or the server was killed; and whatever is there then is one's whole.
 * @param killEvery of so many rounds one has its server killed in the middle
 * @throws Error at the first round that has two winners, none, or another content than the winner's
 */
export async function raceRounds(arena: Arena, rounds: number, killEvery: number): Promise<Tally> {
  const tally: Tally = { rounds: 0, kills: 0, untold: 0 };
  await expectStatus(arena.send('PUT', '/race'), 200);
  await expectStatus(arena.send('PUT', '/versions'), 200);
  const enabled = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await expectStatus(arena.send('PUT', '/versions?versioning', {}, enabled), 200);
  const kinds: readonly Before[] = ['nothing', 'an object', 'a delete marker'];
  for (let round = 0; round < rounds; round += 1) {
    const before = kinds[round % kinds.length] ?? 'nothing';
    const isKilled = round % killEvery === killEvery - 1;
    const told = await raceOnce(arena, round, before, isKilled);
    tally.rounds += 1;
    if (isKilled) tally.kills += 1;
    if (!told) tally.untold += 1;
  }
  return tally;
}

/** @returns whether somebody was told that he has won */
async function raceOnce(
  arena: Arena,
  round: number,
  before: Before,
  isKilled: boolean,
): Promise<boolean> {
  const target = `/${before === 'a delete marker' ? 'versions' : 'race'}/${round}`;
  const condition = await prepare(arena, target, before);
  const bodyOf = (client: number) => `of client ${client} in round ${round}`;
  // Behind so many answers, or, in every other killed round, so soon that there may be none.
  const isSoon = isKilled && round % 20 === 19;
  const killAt = round % clientCount;
  let answered = 0;
  const attempts = Array.from({ length: clientCount }, async (_, client) => {
    const reply = await arena.send('PUT', target, condition, bodyOf(client));
    if (isKilled && !isSoon && answered === killAt) arena.kill();
    answered += 1;
    return reply;
  });
  const soon = isSoon ? setTimeout(() => arena.kill(), round % 11) : undefined;
  const replies = await Promise.all(attempts);
  clearTimeout(soon);
  if (isKilled) await arena.killAndStart();

  const winners = replies.flatMap(({ status }, client) => (status === 200 ? [client] : []));
  const lost = replies.filter(({ status }) => status === 412 || status === 409).length;
  const unanswered = replies.filter(({ status }) => status === undefined).length;
  const what = `round ${round}, over ${before}${isKilled ? ', killed' : ''}`;
  if (winners.length > 1) throw new Error(`${what}: ${winners.length} winners`);
  if (winners.length + lost + unanswered !== clientCount)
    throw new Error(`${what}: ${replies.map(({ status }) => status).join(' ')}`);
  if (!isKilled && winners.length !== 1) throw new Error(`${what}: nobody has won`);
  const [winner] = winners;
  if (winner === undefined) await settle(arena, target, condition, bodyOf, what);
  else await expectContent(arena, target, bodyOf(winner), what);
  return winner !== undefined;
}

/** @returns the condition under which all write */
async function prepare(
  arena: Arena,
  target: string,
  before: Before,
): Promise<Readonly<Record<string, string>>> {
  if (before === 'nothing') return { 'if-none-match': '*' };
  const { status, etag } = await arena.send('PUT', target, {}, 'what was there before');
  if (status !== 200) throw new Error(`the object before a round: ${status}`);
  if (before === 'an object') return { 'if-match': etag };
  await expectStatus(arena.send('DELETE', target), 204);
  return { 'if-none-match': '*' };
}

/** Nobody knows of a winner: then there is one whom nobody has told, or the next to try is it. */
async function settle(
  arena: Arena,
  target: string,
  condition: Readonly<Record<string, string>>,
  bodyOf: (client: number) => string,
  what: string,
): Promise<void> {
  const { status } = await arena.send('PUT', target, condition, 'of the next');
  const { body } = await arena.send('GET', target);
  const clients = Array.from({ length: clientCount }, (_, client) => bodyOf(client));
  if (status === 200 && body === 'of the next') return;
  if (status === 412 && clients.includes(body)) return;
  throw new Error(`${what}: the next got ${status}, and there is ${JSON.stringify(body)}`);
}

async function expectContent(
  arena: Arena,
  target: string,
  content: string,
  what: string,
): Promise<void> {
  const { status, body } = await arena.send('GET', target);
  if (status === 200 && body === content) return;
  throw new Error(`${what}: there is ${JSON.stringify(body)} (${status})`);
}

async function expectStatus(reply: Promise<Reply>, status: number): Promise<void> {
  const found = await reply;
  if (found.status !== status) throw new Error(`${found.status} ${found.body}`);
}
