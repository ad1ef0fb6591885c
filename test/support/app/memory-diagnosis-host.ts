import type { DiagnosisHost } from '../../../src/app/diagnose/ports.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { StoredBaseline } from '../../../src/reconcile/stored-baseline.ts';
import { memoryHost, type MemoryHost } from './memory-host.ts';
import { liveOf, recordedHost } from '../recorded/observation.ts';
import { healthyFacts } from '../doctor/host-facts.ts';

/** A host in memory that doctor can read; its rules may be changed while it is read. */
export type MemoryDiagnosisHost = MemoryHost & DiagnosisHost;

const RECORDED = recordedHost('engine-28.5-plain');

/** The rules of the healthy host, as Engine 28.5 wrote them. */
export const WHOLE_RULES: HostRules = RECORDED.live.rules;

/** What that Engine replies. */
export const ENGINE_REPLY = RECORDED.reply as Extract<EngineReply, { answered: true }>;

/** The baseline of that moment. */
export const BASELINE: StoredBaseline = RECORDED.stored;

/**
 * A healthy host without a baseline, with one container, `web`, that publishes port 8080.
 *
 * @param changes - what is different on this one
 */
export function memoryDiagnosisHost(
  rules: HostRules = WHOLE_RULES,
  changes: Partial<DiagnosisHost> = {},
): MemoryDiagnosisHost {
  const { netState, containers, proxies } = healthyFacts();
  const host = memoryHost(rules, ENGINE_REPLY);
  return Object.assign(
    host,
    {
      readVariants: () => Promise.resolve({ nft: liveOf(host.rules), legacy: undefined }),
      askAnyEngine: () => Promise.resolve(ENGINE_REPLY),
      listContainers: () => Promise.resolve({ socket: '/run/docker.sock', listed: [] }),
      findProcesses: () => Promise.resolve({ containers: new Map(), daemons: [1], proxies }),
      readContainers: () => Promise.resolve(containers),
      readDaemonLog: () => Promise.resolve([]),
      // As docker-proxy waits for its clients.
      readListeners: () =>
        Promise.resolve(
          proxies.flatMap(({ proto, hostIp, hostPort }) =>
            proto === 'sctp' ? [] : [{ proto, address: hostIp, port: hostPort }],
          ),
        ),
      readNameServers: () => ['192.0.2.53'],
      readAccepted: () => Promise.resolve([]),
      readDropCounts: () => ({ conntrackDrops: 0, reversePathDrops: 0 }),
      readSets: () => Promise.resolve(''),
      readNatives: () => Promise.resolve([]),
      readLinks: () => Promise.resolve(netState.links),
      readRouting: (family) =>
        Promise.resolve({ routes: netState.routes.filter((one) => one.family === family), routeRules: [] }),
      readSysctls: () => netState.sysctls,
      pickSourcePort: () => 61_000,
      sendProbes: () => Promise.reject(new Error('no packet was to be sent')),
    } satisfies Omit<DiagnosisHost, keyof MemoryHost>,
    changes,
  );
}
