import type { Command } from 'commander';

/** What a command is: whose part, its name, what it does, and how it is used. */
export type CommandText = readonly [
  parent: Command,
  name: string,
  description: string,
  examples: readonly string[],
];

/** A command of `parent`; it leaves it to whoever runs them all to end the process. */
export function subCommand(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description).exitOverride();
}

/** Of a stopped store. */
export function stoppedCommand(...[parent, name, description, examples]: CommandText): Command {
  return subCommand(parent, name, description)
    .option('--dir <DIR>', 'a store that no server has open (LOGSTORE_DIR; default segments/data)')
    .option('--json', 'one JSON object a line', false)
    .addHelpText('after', exampleText(examples));
}

/** Of a stopped store, or of a running one. */
export function clientCommand(...text: CommandText): Command {
  return stoppedCommand(...text)
    .option('--endpoint <URL>', 'a running server (LOGSTORE_ENDPOINT)')
    .option('--credentials <FILE>', "the endpoint's key pair, as in DIR/credentials.json")
    .option('--region <REGION>', 'to sign for (AWS_REGION, LOGSTORE_REGION)');
}

export function exampleText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((line) => `  ${line}`).join('\n')}`;
}
