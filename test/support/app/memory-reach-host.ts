import type { DiagnosisHost } from '../../../src/app/diagnose/ports.ts';
import type { ReachHost } from '../../../src/app/reach/ports.ts';
import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { healthyFacts } from '../doctor/host-facts.ts';
import { memoryDiagnosisHost, WHOLE_RULES } from './memory-diagnosis-host.ts';

/** The healthy host of {@link memoryDiagnosisHost} whose terrain can be read: docker-proxy listens as it should. */
export function memoryReachHost(
  rules: HostRules = WHOLE_RULES,
  changes: Partial<DiagnosisHost & ReachHost> = {},
): DiagnosisHost & ReachHost {
  const listeners = healthyFacts().proxies.flatMap(({ proto, hostIp, hostPort }) =>
    proto === 'sctp' ? [] : [{ proto, address: hostIp, port: hostPort }],
  );
  return {
    ...memoryDiagnosisHost(rules),
    readListeners: () => Promise.resolve(listeners),
    readOther: () => Promise.resolve(undefined),
    readNameServers: () => ['192.0.2.53'],
    ...changes,
  };
}
