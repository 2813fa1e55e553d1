import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { MadeUser, UserFacts } from '../src/auth/users.js';
import { LogStoreError } from '../src/base/errors.js';
import { requireCredentialsFile } from '../src/root-credentials.js';
import { type AccessTarget, openAccess } from './access-target.js';
import type { TargetArguments } from './open-target.js';
import { print, printResult, shown } from './output.js';
import { clientCommand, subCommand } from './store-command.js';

interface CommonOptions extends TargetArguments {
  readonly json: boolean;
}

interface AddOptions extends CommonOptions {
  readonly policy?: readonly string[];
  readonly id?: string;
  readonly displayName?: string;
  readonly email?: string;
  readonly keyPair?: string;
}

/** `logstore user ...` */
export function addUsers(program: Command): void {
  const user = subCommand(program, 'user', 'who may sign requests, beside root');

  clientCommand(user, 'add', 'make a user, and show its key pair once', [
    'logstore user add alice --policy readwrite',
    'logstore user add bob --policy own-buckets --endpoint http://127.0.0.1:9000',
  ])
    .argument('<NAME>')
    .option('--policy <NAME>', 'what it may do; may be repeated', repeated)
    .option('--id <HEX>', 'the canonical id that clients see: 64 digits; a random one')
    .option('--display-name <TEXT>', 'the name that clients see; NAME')
    .option('--email <ADDRESS>', 'by which grants can name it')
    .option('--key-pair <FILE>', 'this pair instead of a random one, as in credentials.json')
    .addHelpText('after', '\nWithout a policy it may do nothing, but use what others let it.')
    .action((name: string, options: AddOptions) =>
      withAccess(options, (at) => add(at, name, options)),
    );

  clientCommand(user, 'list', 'show all users', ['logstore user list --json']).action(
    (options: CommonOptions) =>
      withAccess(options, async (at) => {
        for (const each of await at.list()) await printUser(options.json, each);
      }),
  );

  for (const [verb, enabled] of [
    ['disable', false],
    ['enable', true],
  ] as const)
    clientCommand(user, verb, enabled ? 'let it sign again' : 'keep it, but let it sign nothing', [
      `logstore user ${verb} alice`,
    ])
      .argument('<NAME>')
      .action((name: string, options: CommonOptions) =>
        withAccess(options, async (at) =>
          printUser(options.json, await at.change(name, { enabled })),
        ),
      );

  clientCommand(user, 'rotate', 'give it another key pair; the old one ends', [
    'logstore user rotate alice',
    'logstore user rotate alice --keep-old',
  ])
    .argument('<NAME>')
    .option('--keep-old', 'the last one stays as well, until the next rotation', false)
    .action((name: string, options: CommonOptions & { keepOld: boolean }) =>
      withAccess(options, async (at) =>
        printMade(options.json, await at.rotate(name, { keepOld: options.keepOld })),
      ),
    );

  clientCommand(user, 'rm', 'remove it; what it owns stays', ['logstore user rm alice'])
    .argument('<NAME>')
    .action((name: string, options: CommonOptions) =>
      withAccess(options, async (at) => {
        await at.remove(name);
        await printResult(options.json, { removed: name }, `user ${name} removed`);
      }),
    );
}

/** `logstore policy ...` */
export function addPolicies(program: Command): void {
  const policy = subCommand(program, 'policy', 'what users may do');

  clientCommand(policy, 'list', 'show the names of all policies', ['logstore policy list']).action(
    (options: CommonOptions) =>
      withAccess(options, async (at) => {
        for (const each of await at.policyNames())
          await printResult(
            options.json,
            each,
            each.builtIn ? `${each.name} (built in)` : each.name,
          );
      }),
  );

  clientCommand(policy, 'show', 'print a policy', ['logstore policy show readwrite'])
    .argument('<POLICY>')
    .action((name: string, options: CommonOptions) =>
      withAccess(options, async (at) => print(`${await at.policyText(name)}\n`)),
    );

  clientCommand(policy, 'set', 'keep a policy, in the place of what it was', [
    'logstore policy set photos photos.json',
  ])
    .argument('<POLICY>')
    .argument('<FILE>', 'JSON as IAM has it, without principals')
    .action((name: string, file: string, options: CommonOptions) =>
      withAccess(options, async (at) => {
        await at.setPolicy(name, await readFile(file, 'utf8'));
        await printResult(options.json, { policy: name }, `policy ${name} set`);
      }),
    );

  clientCommand(policy, 'rm', 'remove a policy that no user has', ['logstore policy rm photos'])
    .argument('<POLICY>')
    .action((name: string, options: CommonOptions) =>
      withAccess(options, async (at) => {
        await at.removePolicy(name);
        await printResult(options.json, { removed: name }, `policy ${name} removed`);
      }),
    );

  for (const verb of ['attach', 'detach'] as const)
    clientCommand(policy, verb, verb === 'attach' ? 'let a user have it' : 'take it from a user', [
      `logstore policy ${verb} readonly alice`,
    ])
      .argument('<POLICY>')
      .argument('<USER>')
      .action((name: string, user: string, options: CommonOptions) =>
        withAccess(options, async (at) => printUser(options.json, await at[verb](user, name))),
      );
}

async function add(at: AccessTarget, name: string, options: AddOptions): Promise<void> {
  const { policy: policies, id, displayName, email, keyPair } = options;
  const pair = keyPair === undefined ? {} : await requireCredentialsFile(keyPair);
  const made = await at.add({ name, policies, id, displayName, email, ...pair });
  await printMade(options.json, made);
}

async function printMade(json: boolean, made: MadeUser): Promise<void> {
  const { user, credentials } = made;
  const lines = [
    lineOf(user),
    `access key id      ${credentials.accessKeyId}`,
    `secret access key  ${credentials.secretAccessKey}`,
    'The secret is shown this once.',
  ];
  await printResult(json, made, lines.join('\n'));
}

function printUser(json: boolean, user: UserFacts): Promise<void> {
  return printResult(json, user, lineOf(user));
}

function lineOf({ name, id, displayName, enabled, policies, keys }: UserFacts): string {
  const facts = [
    shown(name),
    enabled ? 'enabled' : 'disabled',
    `id ${id}`,
    ...(displayName === name ? [] : [`shown as ${shown(displayName)}`]),
    `policies ${policies.join(',') || 'none'}`,
    `keys ${keys.map((key) => shown(key.id)).join(',') || 'none'}`,
  ];
  return facts.join('  ');
}

async function withAccess(
  options: TargetArguments,
  action: (at: AccessTarget) => Promise<void>,
): Promise<void> {
  await using at = await openAccess(options);
  await action(at);
}

function repeated(value: string, before: readonly string[] = []): readonly string[] {
  if (value === '') throw new LogStoreError('INVALID_ARGUMENT', 'a policy has a name');
  return [...before, value];
}
