import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { LogStoreError } from '../src/base/errors.js';
import {
  type Config,
  environmentName,
  loadConfig,
  type OptionKey,
  optionKeys,
  optionName,
  optionOf,
} from '../src/config.js';

/** The flags of `serve`, from the table of settings. */
export function addServeOptions(command: Command): Command {
  command.option('--config <FILE>', 'a JSON file of settings (LOGSTORE_CONFIG)');
  for (const key of optionKeys.filter((each) => !optionOf(each).secret))
    command.addOption(new Option(`--${optionName(key)} <${valueName(key)}>`, description(key)));
  return command;
}

/** @param flags as commander gives them: by option key, and `config` */
export async function serveConfig(
  { config: path, ...flags }: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Config> {
  const filePath = path ?? (environment.LOGSTORE_CONFIG || undefined);
  const file = filePath === undefined ? undefined : { path: filePath, text: readText(filePath) };
  return loadConfig({ flags, environment, file });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new LogStoreError('INVALID_ARGUMENT', `cannot read the settings in '${path}'`, { cause });
  }
}

/** How `--help` names what an option takes. */
function valueName(key: OptionKey): string {
  const { kind } = optionOf(key);
  if (kind.is === 'choice') return kind.choices.length <= 3 ? kind.choices.join('|') : 'LEVEL';
  return { text: 'TEXT', count: 'N', size: 'SIZE', duration: 'TIME' }[kind.is];
}

function description(key: OptionKey): string {
  const option = optionOf(key);
  const preset = option.default === undefined ? '' : `; default ${option.default}`;
  return `${option.description} (${environmentName(key)}${preset})`;
}
