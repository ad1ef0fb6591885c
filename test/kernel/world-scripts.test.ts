import { expect, test } from 'vitest';
import type { Ruleset } from '../../src/iptables/model.ts';
import { parseSave } from '../../src/iptables/parse.ts';
import { describeCli, withHost, type CliHost } from '../support/cli.ts';
import { facts, shellLine } from '../support/deeds.ts';
import { deedOn, somePicks } from '../support/generate-commands.ts';
import { FAMILIES } from '../support/kernel.ts';
import type { Backend } from '../support/netns.ts';

/** Scripts in all. `RULESGUARD_WORLD_SCRIPTS` and `RULESGUARD_WORLD_SEED` ask for more, and for others. */
const SCRIPTS = Number(process.env['RULESGUARD_WORLD_SCRIPTS'] ?? 300);
const SEED = Number(process.env['RULESGUARD_WORLD_SEED'] ?? 11);
/** Hosts they are tried on, one after the other on each: what one script left the next one meets. */
const HOSTS: readonly (readonly [recording: string, backend: Backend])[] = [
  ['engine-20.10', 'nft'],
  ['engine-28.5', 'nft'],
  ['engine-26.1-legacy', 'legacy'],
];
const BEFORE_NEW_HOST = 10;

const NFT = [
  'nft flush ruleset',
  'nft flush chain ip nat POSTROUTING',
  'nft add table inet mine',
  'nft delete table ip nat',
  'nft delete table inet mine',
  "nft add chain inet mine in '{ type filter hook input priority 0; policy accept; }'",
  'nft flush table ip filter',
  'nft list ruleset >/dev/null',
];

interface Forecast {
  readonly verdict: 'safe' | 'hurts' | 'unknown';
  readonly by: string | null;
  readonly reason: string | null;
  readonly after: { readonly ipv4: string; readonly ipv6: string } | null;
}

async function forecast(host: CliHost, words: readonly string[]): Promise<Forecast> {
  const { stdout, stderr } = await host.attempt(['run', '--dry-run', '--json', '--', ...words]);
  if (stdout === '') throw new Error(`no forecast of ${words.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Forecast;
}

async function rulesOn({ ns, backend }: CliHost): Promise<readonly Ruleset[]> {
  const saves = await Promise.all(FAMILIES.map((family) => ns.save(family, backend)));
  return saves.map((save) => parseSave(save).ruleset);
}

/** One to three things a person may do, each in either family; what fails does not stop the script. */
function scriptOn(
  rules: readonly Ruleset[],
  picks: readonly (readonly number[])[],
  backend: Backend,
): string {
  const lines = picks.map((numbers) => {
    const [what = 0, which = 0, ...more] = numbers;
    if (backend === 'nft' && what % 7 === 0) return NFT[which % NFT.length] ?? '';
    const index = which % 3 === 0 ? 1 : 0;
    const family = FAMILIES[index] ?? 'ipv4';
    const ruleset = rules[index];
    if (ruleset === undefined || ruleset.tables.size === 0) return 'true';
    return shellLine(deedOn(ruleset, more, family), { family, backend });
  });
  return `${lines.join('\n')}\ntrue\n`;
}

describeCli('what is rehearsed is what then happens', () => {
  test.concurrent.for(HOSTS)(
    'generated scripts on %s, %s backend',
    { timeout: 900_000 },
    async ([name, backend], { expect }) => {
      const count = Math.ceil(SCRIPTS / HOSTS.length);
      const picks = somePicks(count * 3, SEED);
      const seen = { safe: 0, hurts: 0, unknown: 0 };
      for (let first = 0; first < count; first += BEFORE_NEW_HOST)
        await withHost(
          async (host) => {
            for (let i = first; i < Math.min(count, first + BEFORE_NEW_HOST); i++) {
              const rules = await rulesOn(host);
              const script = scriptOn(rules, picks.slice(3 * i, 3 * i + 1 + (i % 3)), backend);
              const told = await forecast(host, ['sh', '-c', script]);
              seen[told.verdict]++;
              await host.ns.exec('sh', ['-c', script]);
              if (told.after === null) {
                // A listing without -n asks a name server for its addresses, which no rehearsal has; and that is said.
                expect.soft(told.reason, script).toContain('it uses the network');
                expect.soft(script).toMatch(/ '(?:-\w*L\w*|--li\w*)'/);
                continue;
              }
              const after = await rulesOn(host);
              FAMILIES.forEach((family, index) => {
                const foreseen = parseSave(told.after?.[family] ?? '').ruleset;
                expect.soft(facts(foreseen), script).toEqual(facts(after[index] ?? { tables: new Map() }));
              });
            }
          },
          name,
          backend,
        );
      expect(seen.unknown).toBeLessThan(count / 10);
      expect(Math.min(seen.safe, seen.hurts)).toBeGreaterThan(count / 20);
    },
  );
});

describeCli('the short way and the rehearsal', () => {
  test('never contradict each other: whatever one calls safe, the other does', () =>
    withHost(async (host) => {
      const rules = await rulesOn(host);
      const commands = somePicks(200, SEED)
        .map((picks) => deedOn(rules[0] ?? { tables: new Map() }, picks, 'ipv4'))
        .flatMap((deed) => (deed.kind === 'command' ? [['iptables', ...deed.words]] : []))
        .slice(0, 40);
      let computed = 0;
      for (const words of commands) {
        const short = await forecast(host, words);
        if (short.by !== 'memory') continue;
        computed++;
        const long = await forecast(host, ['env', ...words]);
        expect.soft(short.verdict, words.join(' ')).toBe(long.verdict);
      }
      expect(computed).toBeGreaterThan(15);
    }, 'engine-28.5'));
});
