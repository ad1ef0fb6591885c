/** The variable that tells every process of the bench the machine's own network namespace, so that none works in it by mistake. */
export const HOST_NETWORK = 'RULESGUARD_BENCH_HOST_NETWORK';

/** The command line that starts the bench again in one of its roles. */
export function selfAs(role: string, input: unknown): readonly [string, ...string[]] {
  return [process.execPath, ...process.execArgv, String(process.argv[1]), role, JSON.stringify(input)];
}

/** The environment of such a process, beside what the lab gives it. */
export const selfEnv = (): Readonly<Record<string, string>> => ({
  [HOST_NETWORK]: process.env[HOST_NETWORK] ?? '',
});

/** In its short form the bench shows that it runs to its end: the smallest sizes, each once. Its figures mean nothing. */
export const IS_SHORT = process.argv.includes('--short');
