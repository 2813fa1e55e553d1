import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { logstore, Served } from './logstore-process.js';
import { place, putInto } from './served-place.js';

const ledger = suite('the ledger through the command');

ledger('what a server sealed is proved offline, and what was tampered with is not', async () => {
  using here = place();
  {
    const options = ['--dir', here.dir, '--ledger', 'on', '--ledger-interval', '100ms'];
    await using server = await Served.start(options);
    await putInto(server, here, 'photos/cat.jpg');
    assert.is(await server.end('SIGTERM'), 0);
  }
  const of = (...args: string[]) => logstore([...args, '--dir', here.dir]);
  const audit = await of('ledger', 'verify', '--full');
  assert.is(audit.code, 0, audit.stderr + audit.stdout.toString());
  const vkey = /^key (\S+)/m.exec((await of('ledger', 'keys')).stdout.toString())?.[1] ?? '';
  assert.match(vkey, /^logstore\//);

  const proof = (await of('prove', 'photos/cat.jpg')).stdout.toString();
  const check = (input: string) => logstore(['check-proof', '-', '--key', vkey], { input });
  const honest = await check(proof);
  assert.is(honest.code, 0, honest.stderr);
  assert.match(honest.stdout.toString(), 'photos/cat.jpg is there');
  assert.is((await check(proof.replace('cat.jpg', 'dog.jpg'))).code, 2);

  const absent = (await of('prove', '--absent', 'photos/dog.jpg')).stdout.toString();
  assert.match((await check(absent)).stdout.toString(), 'there is no photos/dog.jpg');
  assert.is((await check(absent.replace('dog.jpg', 'cat.jpg'))).code, 2);
});

ledger('what a command writes into a stopped store with a ledger is sealed as well', async () => {
  using here = place();
  {
    await using server = await Served.start(['--dir', here.dir, '--ledger', 'on']);
    await putInto(server, here, 'photos/cat.jpg');
    assert.is(await server.end('SIGTERM'), 0);
  }
  const of = (...args: string[]) => logstore([...args, '--dir', here.dir]);
  const put = await of('put', 'photos/dog.jpg', here.file);
  assert.is(put.code, 0, put.stderr);
  const log = (await of('ledger', 'log')).stdout.toString().trimEnd().split('\n');
  assert.match(log.at(-1) ?? '', '1 changes');
  const audit = await of('ledger', 'verify', '--full');
  assert.is(audit.code, 0, audit.stderr + audit.stdout.toString());
});

ledger('a store without a ledger says so, and gets none by being asked', async () => {
  using here = place();
  assert.is((await logstore(['mb', 'photos', '--dir', here.dir])).code, 0);
  const { code, stderr } = await logstore(['prove', 'photos/cat.jpg', '--dir', here.dir]);
  assert.ok(code !== 0);
  assert.match(stderr, 'no ledger');
});

ledger.run();
