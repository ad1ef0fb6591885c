import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Host } from '../host.ts';

interface Recorded {
  readonly families: Readonly<
    Record<
      string,
      readonly {
        readonly name: string;
        readonly chains: readonly {
          readonly rules: readonly { readonly text: string; readonly owner: string }[];
        }[];
      }[]
    >
  >;
}

/** Files of the baselines of a host, oldest first. */
export function baselinesOf({ stateDir }: Host): readonly string[] {
  const folder = path.join(stateDir, 'baselines');
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => path.join(folder, name));
}

/** Docker's rules in the newest baseline of a host, as `ipv4 nat -A …`. */
export function recordedRules(host: Host): readonly string[] {
  const newest = baselinesOf(host).at(-1);
  if (newest === undefined) return [];
  const { families } = JSON.parse(readFileSync(newest, 'utf8')) as Recorded;
  return Object.entries(families).flatMap(([family, tables]) =>
    tables.flatMap(({ name, chains }) =>
      chains.flatMap(({ rules }) =>
        rules.filter(({ owner }) => owner === 'docker').map(({ text }) => `${family} ${name} ${text}`),
      ),
    ),
  );
}
