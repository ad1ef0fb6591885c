import { migrate } from '../app/migrate/migrate.ts';
import { REAL_MIGRATE_HOST } from '../app/migrate/real-migrate-host.ts';
import { migrationText } from '../report/migrate-text.ts';
import type { Context, Exit } from './context.ts';
import { reporting } from './shared/report-events.ts';

export interface MigrateArgs {
  /** Only the tables. */
  readonly print: boolean | undefined;
  readonly all: boolean | undefined;
}

/**
 * `rulesguard migrate`: what a host needs whose Docker is to write with nftables. Exit 0 no way changes, 1 some do or something is not
 * carried, 3 some cannot be told.
 */
export async function run(args: MigrateArgs, context: Context): Promise<Exit> {
  const found = await reporting(context, (on) => migrate(REAL_MIGRATE_HOST, on));
  if (args.print === true) context.printBytes(found.tables);
  else context.print(migrationText(found, context.paint, args.all === true ? 'all' : 'some'));
  return found.exit;
}
