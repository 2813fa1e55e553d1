import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { LogStoreError } from '../src/base/errors.js';
import { loadConfig } from '../src/config.js';
import { nodeHost } from '../src/host/node-host.js';
import type { HighWaterPlace } from '../src/ledger/high-water-file.js';
import { highWaterFile, ledgerDirectory } from '../src/ledger/ledger-files.js';
import type { LedgerSettings } from '../src/ledger-options.js';
import { openStore } from '../src/open-store.js';
import type { Store, StoreLedger } from '../src/store/types.js';
import { directoryOf, type TargetArguments } from './open-target.js';

/** A store whose ledger is meant, stopped or running. */
export interface LedgerArguments extends TargetArguments {
  readonly json: boolean;
  /** Of a stopped store: where its server was told to keep them. */
  readonly keyFile?: string | undefined;
  readonly highWater?: string | undefined;
}

/** What `serve` was told of the ledger: by flags here, and by the same variables. */
function settingsOf({ keyFile, highWater }: LedgerArguments): LedgerSettings {
  const config = loadConfig({ flags: {}, environment: process.env });
  return {
    keyFile: keyFile ?? config.ledgerKeyFile,
    highWaterFile: highWater ?? config.ledgerHighWaterFile,
  };
}

export function highWaterOf(args: LedgerArguments): HighWaterPlace {
  const own = settingsOf(args).highWaterFile;
  const path = resolve(own ?? join(directoryOf(args.dir, process.env), highWaterFile));
  return { disk: nodeHost(dirname(path)).disk, path: basename(path) };
}

/** With its ledger where a server has begun one: nobody who only looks begins any. */
export function openLedgerStore(args: LedgerArguments, begin = false): Promise<Store> {
  const dir = directoryOf(args.dir, process.env);
  const isThere = begin || existsSync(join(dir, ledgerDirectory));
  const ledger = isThere ? settingsOf(args) : 'off';
  return openStore({ dir, create: false, ledger, compaction: 'manual', parity: 'off' });
}

/** @throws LogStoreError `NO_LEDGER` */
export function ledgerOf({ ledger }: Store): StoreLedger {
  if (ledger === undefined) throw new LogStoreError('NO_LEDGER', 'the store has no ledger');
  return ledger;
}
