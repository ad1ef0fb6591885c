import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

const sea = () => process.getBuiltinModule('node:sea');

/** Whether this is the one-file program, which holds Node and all it needs. */
export const isOneFile = (): boolean => sea().isSea();

/** Words that start this very program again, from wherever. */
export const thisProgram = (): readonly [string, ...string[]] =>
  isOneFile()
    ? [process.execPath]
    : [process.execPath, ...process.execArgv, realpathSync(process.argv[1] ?? '')];

/**
 * A file that ships with the program: out of the one file, or beside it in npm's package.
 *
 * @param name - as in the repository, `baselines/engine-28.5-plain.json`
 * @throws Error when it is not there
 */
export const carriedText = (name: string): string =>
  isOneFile()
    ? sea().getAsset(name, 'utf8')
    : readFileSync(join(realpathSync(process.argv[1] ?? ''), '..', '..', name), 'utf8');
