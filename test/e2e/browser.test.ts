import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goldenText, vectors } from '../unit/ledger/golden.js';
import { Chromium } from './chromium.js';

const it = suite('a page in a browser');
const built = fileURLToPath(new URL('../../', import.meta.url));
const project = process.cwd();
const proofs = ['version', 'current', 'current-parts', 'current-bucket', 'absent', 'empty']
  .concat(['listing', 'written', 'written-delete'])
  .map((name) => [name, goldenText(`${name}.proof`)] as const);

/** The page, and the modules where an installed package has them. */
function contentOf(path: string): { type: string; bytes: Buffer } | undefined {
  const script = 'text/javascript';
  const plain = normalize(path);
  const of = (prefix: string, folder: string) =>
    plain.startsWith(prefix) ? join(folder, plain.slice(prefix.length)) : undefined;
  if (plain === '/') {
    return { type: 'text/html', bytes: readFileSync(join(project, 'docs/check-proof.html')) };
  }
  const file =
    of('/node_modules/logstore-s3/dist/', built) ??
    of('/node_modules/@noble/', join(project, 'node_modules/@noble'));
  if (file === undefined || !file.endsWith('.js')) return undefined;
  return { type: script, bytes: readFileSync(file) };
}

interface Site {
  readonly url: string;
  readonly server: Server;
  readonly asked: string[];
}

async function site(): Promise<Site> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const content = contentOf(request.url ?? '');
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': content?.type });
    response.end(content?.bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return { url: `http://127.0.0.1:${port}/`, server, asked };
}

/** Does in the page what a person does: pastes, clicks, reads. */
async function verdictOn(browser: Chromium, proof: string, key = vectors.log) {
  const value = await browser.evaluate(`(() => {
    const at = (id) => document.getElementById(id);
    at('key').value = ${JSON.stringify(key)};
    at('proof').value = ${JSON.stringify(proof)};
    at('verdict').textContent = '';
    at('check').click();
    return [at('verdict').textContent, Number(at('verdict').dataset.milliseconds)];
  })()`);
  assert.ok(Array.isArray(value));
  const [text, milliseconds] = value;
  return { text: String(text), milliseconds: Number(milliseconds) };
}

/** One bit flipped in each of some lines: of the claim, the record, the block, the tree, the note. */
function tampered(text: string): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    if (line === '' || index % 3 !== 0) return [];
    const last = line.charCodeAt(line.length - 3) ^ 1;
    const flipped = `${line.slice(0, -3)}${String.fromCharCode(last)}${line.slice(-2)}`;
    return [lines.with(index, flipped).join('\n')];
  });
}

it('checks proofs with the shipped verifier, when no server is left to help', async () => {
  await using browser = await Chromium.start();
  if (browser === undefined) {
    console.log('SKIPPED: chromium is not installed');
    return;
  }
  const { url, server, asked } = await site();
  await browser.goTo(url);
  await browser.evaluate(`new Promise((resolve) => {
    const look = () => document.getElementById('check')?.disabled === false
      ? resolve() : requestAnimationFrame(look);
    look();
  })`);
  await browser.goOffline();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  const askedBefore = asked.length;

  const times: number[] = [];
  for (const [name, text] of proofs) {
    const honest = await verdictOn(browser, text);
    assert.match(honest.text, `Proven: ${text.split('\n')[1]?.slice('claim '.length)} `, name);
    assert.match(honest.text, ` of ${vectors.origin}\n`);
    times.push(honest.milliseconds);
    for (const changed of tampered(text)) {
      const { text: said } = await verdictOn(browser, changed);
      assert.match(said, /^Not proven: [a-z]+: /, changed);
    }
  }
  const stranger = await verdictOn(browser, proofs[0]?.[1] ?? '', `other${vectors.log}`);
  assert.match(stranger.text, /^Not proven: form: not the encoding of a key/);
  // Between two evaluations the page could have asked for something; it must not even try.
  const reaching = browser.evaluate(`fetch(${JSON.stringify(url)}).then(() => true, () => false)`);
  assert.is(await reaching, false);
  assert.is(asked.length, askedBefore);

  const sorted = times.sort((a, b) => a - b);
  const [median = 0, most = 0] = [sorted[sorted.length >> 1], sorted.at(-1)];
  console.log(
    `in the browser: ${sorted.length} proofs, median ${median.toFixed(1)} ms, ` +
      `most ${most.toFixed(1)} ms (to reach: under 20)`,
  );
});

it.run();
