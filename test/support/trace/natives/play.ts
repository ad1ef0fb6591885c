import { parseSave } from '../../../../src/firewall/iptables/text/parse.ts';
import type { NetworkState } from '../../../../src/trace/network-state.ts';
import { tool } from '../../netns.ts';
import { nativesOf, readNetworkState } from '../read-network-state.ts';
import { SETS, type Scene } from '../rulesets.ts';
import { playLoaded, type Play, type Tally } from '../stage.ts';
import type { Town } from '../town.ts';

/** A town in which rulesets follow one another quickly: all but the rules is read once. */
export interface NativeStage {
  readonly town: Town;
  readonly ground: NetworkState;
}

/** Makes a town ready. */
export async function openStage(town: Town): Promise<NativeStage> {
  const { code, stderr } = await town.host.exec('ipset', ['restore', '-exist'], { input: SETS });
  if (code !== 0) throw new Error(stderr);
  // Written for all, it is written for each: what a scene then writes is all that differs.
  await town.host.exec('sh', [
    '-c',
    'for i in 4 6; do echo 1 > /proc/sys/net/ipv$i/conf/all/forwarding; done',
  ]);
  return { town, ground: await readNetworkState(town.host) };
}

/** The lines that nft refuses, by their numbers. */
const refusedLines = (stderr: string): ReadonlySet<number> =>
  new Set([...stderr.matchAll(/^\/dev\/stdin:(\d+):.*Error/gm)].map(([, line]) => Number(line) - 1));

/** Leaves out lines, and what stands in braces behind a jump. */
function without(text: string, refused: ReadonlySet<number>): string {
  const lines = text.split('\n');
  const gone = new Set(refused);
  for (const at of refused) {
    if (/ jump \{$/.test(lines[at] ?? '')) gone.add(at + 1).add(at + 2);
    if (/ jump \{$/.test(lines[at - 1] ?? '')) gone.add(at - 1).add(at + 1);
  }
  return lines.filter((_, at) => !gone.has(at)).join('\n');
}

const here = (text: string): string => `<<'END'\n${text}\nEND\n`;

/**
 * Loads a scene in place of all rules, and reads what the kernel then has; without rules that nft refuses: two conditions that no packet
 * can meet. One program start, for thousands are loaded.
 */
async function load({ host }: Town, scene: Scene): Promise<readonly [saved: string, listing: string]> {
  const { name, family, rules, natives = '', sysctls } = scene;
  const program = tool(family, 'nft');
  const settings = Object.entries(sysctls).map(
    ([setting, value]) => `! [ -e ${setting} ] || echo ${value} > ${setting}\n`,
  );
  const script = (left: string): string =>
    [
      `set -e\nnft -f - ${here(`flush ruleset\n${left}`)}`,
      rules.nft === undefined ? '' : `${program}-restore ${here(rules.nft)}`,
      ...['cd /proc/sys/net\n', ...settings],
      `${program}-save\necho ----\nnft -s -a list ruleset\n`,
    ].join('');
  let left = natives;
  for (let tries = 0; ; tries++) {
    const { code, stdout, stderr } = await host.exec('sh', ['-s'], { input: script(left) });
    const [saved = '', listing = ''] = stdout.split('----\n');
    if (code === 0) return [saved, listing];
    const refused = new Set([...refusedLines(stderr)].map((line) => line - 1));
    if (refused.size === 0 || tries === 30) throw new Error(`${name}: ${stderr}\n${left}`);
    left = without(left, refused);
  }
}

/** Loads a scene of tables of nftables' own and of iptables-nft, plays it, and compares. */
export async function playNatives(
  { town, ground }: NativeStage,
  played: Omit<Play, 'quiet'>,
): Promise<Tally> {
  const { family, sysctls } = played.scene;
  const [saved, listing] = await load(town, played.scene);
  const empty = parseSave('').ruleset;
  const read = parseSave(saved).ruleset;
  const netState: NetworkState = {
    ...ground,
    rulesets: [
      {
        variant: 'nft',
        rules: { ipv4: family === 'ipv4' ? read : empty, ipv6: family === 'ipv6' ? read : empty },
      },
    ],
    natives: nativesOf(listing),
    sysctls: new Map([...ground.sysctls, ...knownOf(ground, sysctls)]),
  };
  return playLoaded(town, { ...played, quiet: 30 }, netState);
}

/** Settings that this kernel has. */
const knownOf = (
  { sysctls }: NetworkState,
  settings: Scene['sysctls'],
): readonly (readonly [string, string])[] => Object.entries(settings).filter(([name]) => sysctls.has(name));
