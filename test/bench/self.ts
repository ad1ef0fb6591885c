/** Names the machine's own network namespace to every process of the bench, so that none works in it by mistake. */
export const HOST_NETWORK = 'RULESGUARD_BENCH_HOST_NETWORK';

/** The words that start the bench again as one of its roles, elsewhere. */
export function selfAs(role: string, input: unknown): readonly [string, ...string[]] {
  return [process.execPath, ...process.execArgv, String(process.argv[1]), role, JSON.stringify(input)];
}

/** The environment of such a process, beside what the lab gives it. */
export const selfEnv = (): Readonly<Record<string, string>> => ({
  [HOST_NETWORK]: process.env[HOST_NETWORK] ?? '',
});
