import type { Migration } from '../reconcile/migrate/migration.ts';
import { iptablesOf } from '../firewall/iptables/text/tools.ts';
import { worseGroups } from './forecast-text.ts';
import { effectLines } from './reach/text.ts';
import { toldGroups } from './reach/groups.ts';
import { count, printable, shortRule, type Paint } from './text.ts';

/** Groups of ways, and rules that are not carried, on one screen. */
const FEW = 4;

/**
 * What becomes of a host whose Docker is to write with nftables: the verdict, what changes, what is not carried, and what to type.
 *
 * @param shown - `all` prints every group and rule, `some` a screen of them
 */
export function migrationText(told: Migration, paint: Paint, shown: 'all' | 'some'): string {
  const { obstacles, change, notCarried } = told;
  const limit = shown === 'all' ? Infinity : FEW;
  const groups = [
    ...worseGroups({ worse: [...change.worse, ...change.single, ...change.unknown] }),
    ...toldGroups(change.unpromised.map(({ cell }) => cell)),
  ];
  const lines = [
    verdictOf(told, paint),
    ...obstacles.map((why) => `${paint('yellow', 'BEFORE')}  ${printable(why)}`),
    ...groups.slice(0, limit).flatMap((group) => effectLines(group, paint)),
    ...more(groups.length - limit, 'more kind', paint),
    ...(change.better.length === 0
      ? []
      : [
          `${paint('yellow', 'AS DOCKER MEANS')}  ${count(change.better.length, 'way')} that rules of yours open, or something cuts, today`,
        ]),
    ...notCarried
      .slice(0, limit)
      .flatMap(({ family, rule, why }) => [
        `${paint('yellow', 'NOT CARRIED')}  ${iptablesOf(family)}: ${printable(shortRule(rule, chainOf(rule)))}`,
        paint('dim', `  ${printable(why)}`),
      ]),
    ...more(notCarried.length - limit, 'more rule', paint),
    '',
    ...stepsOf(told).map((step, at) => `${String(at + 1)}. ${step}`),
  ];
  return `${lines.join('\n')}\n`;
}

const chainOf = (rule: string): string => rule.split(' ')[1] ?? '';

const more = (left: number, what: string, paint: Paint): readonly string[] =>
  left > 0 ? [paint('dim', `  … and ${count(left, what)}, shown with --all`)] : [];

function verdictOf({ engine, change, ways, exit, obstacles, notCarried }: Migration, paint: Paint): string {
  const { worse, single, better, unpromised, unknown, stillUnknown } = change;
  const by = paint('dim', `(Engine ${printable(engine)}, from iptables to nftables)`);
  const head = (style: 'green' | 'red' | 'yellow', word: string, says: string): string =>
    `${paint(style, paint('bold', word))}  ${says} ${by}`;
  const bad = worse.length + single.length;
  if (bad > 0)
    return head('red', 'WOULD BREAK', `${count(bad, 'way')} of ${String(ways)} would change for the worse`);
  const told = unknown.length + stillUnknown.length;
  if (exit === 3)
    return head(
      'yellow',
      'CANNOT TELL',
      `${count(told, 'way')} of ${String(ways)} cannot be followed; no other changes`,
    );
  const others = better.length + unpromised.length;
  if (others > 0)
    return head('yellow', 'CHANGES', `${count(others, 'way')} of ${String(ways)}, none for the worse`);
  const says = `all ${String(ways)} ways stay as they are`;
  if (obstacles.length + notCarried.length > 0) return head('yellow', 'NOT YET', says);
  return head('green', 'SAFE', says);
}

function stepsOf({ tables, mark, ufw, bans, leavesPolicy }: Migration): readonly string[] {
  const settings = [
    '"firewall-backend": "nftables"',
    ...(mark === '' ? [] : [`"bridge-accept-fwmark": "${mark}"`]),
  ];
  return [
    ...(tables === ''
      ? []
      : [
          'DOCKER-USER becomes a table of your own, met before Docker’s:\n   rulesguard migrate --print >/etc/docker-user.nft; nft -f /etc/docker-user.nft\n   At boot: include "/etc/docker-user.nft" at the end of /etc/nftables.conf'.replaceAll(
            '’',
            "'",
          ),
        ]),
    ...(bans.length === 0
      ? []
      : [
          `${bans.map(printable).join(', ')}: the bans of today. For those to come, in jail.local:\n   banaction = nftables[type=allports, chain_hook=forward]`,
        ]),
    ...(ufw.length === 0 ? [] : [`ufw stands before Docker's tables, too: ${ufw.map(printable).join('; ')}`]),
    `In /etc/docker/daemon.json: ${settings.join(', ')}`,
    'The Engine no longer switches forwarding on:\n   echo net.ipv4.ip_forward=1 >/etc/sysctl.d/99-docker.conf (IPv6: net.ipv6.conf.all.forwarding=1)',
    [
      'Reboot. Or, with containers stopped meanwhile: systemctl stop docker',
      '   iptables-save | rulesguard strip | iptables-restore (ip6tables likewise)',
      ...leavesPolicy.map((family) => `   ${iptablesOf(family)} -P FORWARD ACCEPT`),
      '   sysctl --system; systemctl start docker',
    ].join('\n'),
    ...(leavesPolicy.length === 0
      ? []
      : [
          'The policy of FORWARD is DROP now, and is taken for ACCEPT then: if a file sets it at boot\n   (/etc/iptables/rules.v4), change it there, or all containers are cut off',
        ]),
    tables === ''
      ? 'Then: rulesguard check'
      : 'Then: rulesguard check; rulesguard snapshot records your table as meant',
  ];
}
