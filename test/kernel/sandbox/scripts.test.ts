import { expect, test } from 'vitest';
import type { Ruleset } from '../../../src/firewall/iptables/text/model.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { facts, shellLine } from '../../support/generate/shell-lines.ts';
import { commandOn, somePicks } from '../../support/generate/commands.ts';
import { FAMILIES } from '../../support/kernel.ts';
import type { Variant } from '../../support/netns.ts';

/**
 * How many scripts: a sample of the 300 of docs/decisions/014-a-sandbox-for-rehearsals.md. `RULESGUARD_WORLD_SCRIPTS` sets
 * another number, `RULESGUARD_WORLD_SEED` other scripts.
 */
const SCRIPTS = Number(process.env['RULESGUARD_WORLD_SCRIPTS'] ?? 40);
const SEED = Number(process.env['RULESGUARD_WORLD_SEED'] ?? 11);
/** Hosts they are run on, one after the other on each: a script runs on what the one before left. */
const HOSTS: readonly (readonly [recording: string, variant: Variant])[] = [
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
  readonly verdict: 'safe' | 'would-break' | 'unknown';
  readonly by: string | null;
  readonly reason: string | null;
  readonly after: { readonly ipv4: string; readonly ipv6: string } | null;
}

async function forecast(host: CliHost, words: readonly string[]): Promise<Forecast> {
  const { stdout, stderr } = await host.attempt(['run', '--dry-run', '--json', '--', ...words]);
  if (stdout === '') throw new Error(`no forecast of ${words.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Forecast;
}

async function rulesOn({ ns, variant }: CliHost): Promise<readonly Ruleset[]> {
  const saves = await Promise.all(FAMILIES.map((family) => ns.save(family, variant)));
  return saves.map((save) => parseSave(save).ruleset);
}

/** One to three commands a person may type, each in either family; a failing one does not stop the script. */
function scriptOn(
  rules: readonly Ruleset[],
  picks: readonly (readonly number[])[],
  variant: Variant,
): string {
  const lines = picks.map((numbers) => {
    const [what = 0, which = 0, ...more] = numbers;
    if (variant === 'nft' && what % 7 === 0) return NFT[which % NFT.length] ?? '';
    const index = which % 3 === 0 ? 1 : 0;
    const family = FAMILIES[index] ?? 'ipv4';
    const ruleset = rules[index];
    if (ruleset === undefined || ruleset.tables.size === 0) return 'true';
    return shellLine(commandOn(ruleset, more, family), { family, variant });
  });
  return `${lines.join('\n')}\ntrue\n`;
}

describeCli('a rehearsal shows what the script then does on the host', () => {
  test.concurrent.for(HOSTS)(
    'generated scripts on %s, %s variant',
    { timeout: 900_000 },
    async ([name, variant], { expect }) => {
      const count = Math.ceil(SCRIPTS / HOSTS.length);
      const picks = somePicks(count * 3, SEED);
      // No Engine says here who should reach what, so that much of what is rehearsed cannot be judged.
      const seen = { harmful: 0, other: 0, unpredicted: 0 };
      for (let first = 0; first < count; first += BEFORE_NEW_HOST)
        await withHost(
          async (host) => {
            for (let i = first; i < Math.min(count, first + BEFORE_NEW_HOST); i++) {
              const rules = await rulesOn(host);
              const script = scriptOn(rules, picks.slice(3 * i, 3 * i + 1 + (i % 3)), variant);
              const answer = await forecast(host, ['sh', '-c', script]);
              await host.ns.exec('sh', ['-c', script]);
              // What a table of nftables' own does to containers no Engine says here.
              if (answer.reason?.startsWith('it changes more than rules') === true) {
                expect.soft(script).toMatch(/^nft /m);
                continue;
              }
              if (answer.after === null) {
                seen.unpredicted++;
                // A listing without -n asks a name server, which a rehearsal cannot reach; the answer says so.
                expect.soft(answer.reason, script).toContain('it uses the network');
                expect.soft(script).toMatch(/ '(?:-\w*L\w*|--li\w*)'/);
                continue;
              }
              seen[answer.verdict === 'would-break' ? 'harmful' : 'other']++;
              const after = await rulesOn(host);
              FAMILIES.forEach((family, index) => {
                const predicted = parseSave(answer.after?.[family] ?? '').ruleset;
                expect.soft(facts(predicted), script).toEqual(facts(after[index] ?? { tables: new Map() }));
              });
            }
          },
          name,
          variant,
        );
      expect(seen.unpredicted).toBeLessThan(count / 10);
      expect(Math.min(seen.other, seen.harmful)).toBeGreaterThan(count / 20);
    },
  );
});

describeCli('what is computed and what is rehearsed', () => {
  test('agree: what one calls SAFE, the other does too', () =>
    withHost(async (host) => {
      const rules = await rulesOn(host);
      const commands = somePicks(200, SEED)
        .map((picks) => commandOn(rules[0] ?? { tables: new Map() }, picks, 'ipv4'))
        .flatMap((command) => (command.kind === 'command' ? [['iptables', ...command.words]] : []))
        .slice(0, 12);
      let computed = 0;
      for (const words of commands) {
        const short = await forecast(host, words);
        if (short.by !== 'memory') continue;
        computed++;
        const long = await forecast(host, ['env', ...words]);
        expect.soft(short.verdict, words.join(' ')).toBe(long.verdict);
      }
      expect(computed).toBeGreaterThan(3);
    }, 'engine-28.5'));
});
