import { existsSync } from 'node:fs';
import { linksFrom, routeRulesFrom, routesFrom } from '../../doctor/facts/ip-json.ts';
import { Fault } from '../../fault.ts';
import type { Family } from '../../net/family.ts';
import type { FamilyRoutes } from '../../doctor/facts/network-state.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import { runHere, type Runner } from '../command/command.ts';
import { listProc, readProc } from './proc-file.ts';

/** The interfaces of a network namespace. @throws Fault RG_MISSING_TOOL or RG_COMMAND */
export const readLinks = async (runner: Runner = runHere): Promise<readonly NetworkLink[]> =>
  linksFrom((await ipJson(['-details', '-json', 'address', 'show'], '', runner))[0]);

/** The input of `ip -batch`; each line is answered with a line of JSON. */
const ROUTING = 'route show table all\nrule show\n';
/** Not there where the kernel has no IPv6, or where it is switched off. */
const IPV6 = '/proc/self/net/if_inet6';

/** Routes of all tables and routing rules; none where the kernel has no IPv6. @throws Fault RG_MISSING_TOOL or RG_COMMAND */
export async function readRouting(family: Family, runner: Runner = runHere): Promise<FamilyRoutes> {
  if (family === 'ipv6' && !existsSync(IPV6)) return { routes: [], routeRules: [] };
  const flag = family === 'ipv4' ? '-4' : '-6';
  const [routes, rules] = await ipJson([flag, '-json', '-batch', '-'], ROUTING, runner);
  return { routes: routesFrom(routes, family), routeRules: routeRulesFrom(rules, family) };
}

/** @throws Fault RG_MISSING_TOOL, or RG_COMMAND when it fails or prints no JSON */
async function ipJson(args: readonly string[], input: string, runner: Runner): Promise<readonly unknown[]> {
  const { stdout, stderr, exitCode } = await runner(['ip', ...args], input);
  try {
    if (exitCode === 0)
      return stdout
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as unknown);
  } catch {
    // Reported below.
  }
  throw new Fault('RG_COMMAND', 3, `ip ${args.join(' ')} failed with status ${String(exitCode)}`, {
    details: stderr.split('\n').slice(0, 4),
  });
}

const ROOT = '/proc/sys/net';
const SINGLE = [
  'ipv4/ip_forward',
  'ipv4/ip_local_port_range',
  'ipv4/ip_autobind_reuse',
  'bridge/bridge-nf-call-iptables',
  'bridge/bridge-nf-call-ip6tables',
  'bridge/bridge-nf-call-arptables',
  'netfilter/nf_conntrack_count',
  'netfilter/nf_conntrack_max',
];
const PER_LINK = {
  ipv4: ['forwarding', 'rp_filter', 'route_localnet', 'accept_local'],
  ipv6: ['forwarding', 'force_forwarding', 'disable_ipv6'],
} as const;

/**
 * The kernel's settings of this network namespace, which /proc/sys/net follows.
 *
 * @param ports - ports of bridges: they route nothing, and a host of a hundred containers has a hundred of them
 */
export function readSysctls(ports: ReadonlySet<string>): ReadonlyMap<string, string> {
  const perLink = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    listProc(`${ROOT}/${family}/conf`)
      .filter((name) => !ports.has(name))
      .flatMap((name) => PER_LINK[family].map((setting) => `${family}/conf/${name}/${setting}`)),
  );
  const read = [...SINGLE, ...perLink].flatMap((path): readonly (readonly [string, string])[] => {
    const value = readProc(`${ROOT}/${path}`);
    return value === undefined ? [] : [[path, value.trim().replaceAll('\t', ' ')]];
  });
  return new Map(read);
}

const PATTERNS: readonly string[] = [
  ...SINGLE,
  ...(['ipv4', 'ipv6'] as const).flatMap((family) =>
    PER_LINK[family].map((setting) => `${family}/conf/*/${setting}`),
  ),
];

/**
 * The same settings of another network namespace, those of its bridges' ports among them.
 *
 * @param runner - of that namespace: /proc/sys/net is that of whoever opens it
 */
export async function readSysctlsBy(runner: Runner): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await runner(['sh', '-c', `cd ${ROOT} && grep -s '' ${PATTERNS.join(' ')}`]);
  return new Map(
    stdout.split('\n').flatMap((line) => {
      // Names of interfaces may hold colons, values do not.
      const [, path, value = ''] = /^(.+):([^:]*)$/.exec(line) ?? [];
      return path === undefined ? [] : [[path, value.trim().replaceAll('\t', ' ')] as const];
    }),
  );
}
