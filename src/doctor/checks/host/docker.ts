import type { PublishedPort } from '../../../docker/inventory/inventory.ts';
import { FAMILIES, familyOf } from '../../../net/family.ts';
import { isDockersTable } from '../../../firewall/nftables/ownership/ownership.ts';
import { sh } from '../../../shell.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import { RESTORE } from '../../remedies/iptables.ts';
import { harmless } from '../../remedies/offer.ts';
import { advise, proposal, untried } from '../../remedies/proposal.ts';
import type { EngineState, Facts } from '../../facts/facts.ts';

const { ok, warn, fail, unknown } = checksOf('docker');

/** Whether the Engine answers, how it is set up as far as packets depend on it, and what it complained about. */
export function judgeDocker(facts: Facts): readonly Check[] {
  const { engine } = facts;
  return [
    ...(engine.answered ? [...judgeSetup(engine), ...judgeProxies(facts)] : [judgeSilence(engine, facts)]),
    ...judgeLog(facts),
  ];
}

const START = untried('docker', 'start it', 'systemctl start docker');

function judgeSilence(engine: Extract<EngineState, { answered: false }>, facts: Facts): Check {
  const { code, message, hint, details, pid } = engine;
  const facets = { evidence: [`${code}: ${message}`, ...details] };
  const hinted = hint === undefined ? [] : [advise(hint)];
  // A socket that is gone, and rules of Docker's: it ran here, and was ended.
  const isEnded = code === 'RG_ENGINE_ABSENT' && hasDockers(facts);
  switch (isEnded ? 'RG_ENGINE_DOWN' : code) {
    case 'RG_ENGINE_DOWN':
      // It runs, and DOCKER_HOST or its own configuration lead past it: whether it serves is unknown from here.
      if (pid !== undefined)
        return unknown('engine-unknown', `dockerd runs (process ${String(pid)}), but does not answer there`, {
          ...facets,
          meaning: 'networks, containers and ports are not known, so only the host itself is judged',
          remedies: [
            untried(
              'shows',
              'see where it listens, then say so: DOCKER_HOST=unix:///path/docker.sock',
              'ss -lxp | grep dockerd',
            ),
          ],
        });
      return fail('engine-down', 'dockerd does not run', {
        ...facets,
        meaning: 'containers do not start, and what ran without live-restore has stopped',
        remedies: [START, ...hinted],
        impairs: 'all',
      });
    case 'RG_ENGINE_HUNG':
      return fail('engine-hung', 'dockerd does not answer', {
        ...facets,
        meaning: 'what it keeps cannot be asked for; running containers are not touched by that',
        remedies: [...hinted, advise('look at its log before restarting it: a restart may stop containers')],
      });
    case 'RG_ENGINE_NO_IPTABLES':
      return fail('iptables-off', 'dockerd was started with iptables=false and writes no rules', {
        ...facets,
        meaning: 'nothing translates or masquerades for containers, unless you do it yourself',
        remedies: [
          advise(
            'take "iptables": false out of /etc/docker/daemon.json (or --iptables=false), then restart docker',
          ),
        ],
        impairs: 'all',
      });
    default:
      return unknown('engine-unknown', message, {
        evidence: [code, ...details],
        meaning: 'networks, containers and ports are not known, so only the host itself is judged',
        remedies: hinted,
      });
  }
}

/** Whether any rule of Docker's is here, whichever firewall backend wrote it. */
const hasDockers = ({ owned, netState: { natives = [] } }: Facts): boolean =>
  natives.some(({ table }) => isDockersTable(table)) ||
  (owned !== undefined && FAMILIES.some((family) => owned.families[family].size > 0));

function judgeSetup(engine: Extract<EngineState, { answered: true }>): readonly Check[] {
  const { version, socket, liveRestore, firewallBackend, userlandProxy } = engine;
  const proxy = userlandProxy === undefined ? 'unknown' : userlandProxy ? 'on' : 'off';
  return [
    ok('engine', `Engine ${version} answers`, {
      evidence: [
        `socket ${socket}, firewall backend ${firewallBackend}`,
        `live-restore ${liveRestore ? 'on' : 'off: restarting dockerd stops every container'}`,
        `userland proxy ${proxy}${proxy === 'on' ? ': docker-proxy answers where a translation is lost, and hides it' : ''}`,
      ],
    }),
  ];
}

/** docker-proxy serves this host's own loopback, and neighbours that ask by the host's address. */
function judgeProxies({ engine, ports, proxies }: Facts): readonly Check[] {
  // None at all means that they cannot be seen, or that another program serves in their place.
  if (!engine.answered || engine.userlandProxy !== true || proxies.length === 0) return [];
  const isServed = ({ hostPort, proto, hostIp }: PublishedPort): boolean =>
    hostPort === undefined ||
    proto === 'sctp' ||
    proxies.some(
      (proxy) =>
        proxy.hostPort === hostPort &&
        proxy.proto === proto &&
        (proxy.hostIp === '' || familyOf(proxy.hostIp) === familyOf(hostIp)),
    );
  const lost = ports.filter((port) => !isServed(port));
  const [first] = lost;
  if (first === undefined) return [];
  const names = [...new Set(lost.map(({ container }) => container))];
  return [
    fail('proxy-gone', `the docker-proxy of port ${String(first.hostPort)} of ${first.container} is gone`, {
      about: listNames(names),
      meaning: 'the port does not answer on 127.0.0.1, nor to neighbours that ask by an address of this host',
      evidence: [
        ...new Set(
          lost.map(({ hostPort, proto }) => `no docker-proxy -host-port ${String(hostPort)} -proto ${proto}`),
        ),
      ].slice(0, 3),
      remedies: [
        untried(
          'docker',
          'restart the container: Docker starts its proxy only then',
          ...names.slice(0, 3).map((name) => sh`docker restart ${name}`),
        ),
      ],
      impairs: names,
    }),
  ];
}

/**
 * What dockerd's log lines mean. Texts: docs/reference/docker-iptables.md#what-docker-restores, Engines 20.10 to
 * 28.5.
 */
const COMPLAINTS: readonly (readonly [RegExp, string])[] = [
  [
    /No chain\/target\/match by that name|Chain '[^']*' does not exist|Couldn't load target/,
    "a chain of Docker's was gone when it wanted to write a rule: someone flushed or deleted it",
  ],
  [/Another app is currently holding the xtables lock/, 'another program held the xtables lock'],
  [
    /RULE_(?:INSERT|APPEND) failed/,
    'the kernel refused a rule: a module is missing, or iptables variants are mixed',
  ],
  [/port is already allocated|address already in use/, 'the port is taken by another container or program'],
  [/programming external connectivity/, 'the rules of a published port could not be written'],
];

function judgeLog(facts: Facts): readonly Check[] {
  const lines = facts.engine.log ?? [];
  const explained = lines.flatMap((line) => {
    const found = COMPLAINTS.find(([pattern]) => pattern.test(line));
    return found === undefined ? [] : [{ line, meaning: found[1] }];
  });
  const last = explained.at(-1);
  if (last === undefined) return [];
  return [
    warn('engine-errors', `dockerd complained about its rules, last: ${last.meaning}`, {
      evidence: explained.slice(-3).map(({ line }) => line),
      // Where nothing is lost any more there is nothing to do.
      remedies: harmless([proposal("restore Docker's rules", RESTORE)], facts),
    }),
  ];
}
