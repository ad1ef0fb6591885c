import { randomUUID } from 'node:crypto';
import { PLAN } from './hosts.ts';
import type { DemoHosts } from './hosts.ts';
import type { SocketProtocol } from '../net/protocol.ts';
import type { SocketAddress } from './tasks.ts';

/** One question that the demo answers: does it get through, and whom does the far end see? */
export interface DemoProbe {
  readonly from: 'outside' | 'worker' | 'neighbour';
  /** Who serves. */
  readonly server: 'outside' | 'web';
  readonly protocol: SocketProtocol;
  readonly to: SocketAddress;
  /** The address that the server sees when all is well; undefined for what nobody may reach. */
  readonly source: string | undefined;
  /** What the incident does to it. */
  readonly afterDamage: ProbeVerdict;
}

/** `well`: as it should be; `bent`: answered, but the server sees another's address; `dead`: no answer; `open`: arrives, and may not. */
export type ProbeVerdict = 'well' | 'bent' | 'dead' | 'open';

/** What came of a probe. */
export interface DemoProbeResult {
  readonly probe: DemoProbe;
  readonly verdict: ProbeVerdict;
  /** What the asking end got: `answers`, or the reason there is none. */
  readonly asker: string;
  /** The source address the serving end saw; empty when nothing arrived. */
  readonly seen: string;
}

/** What works on a host of containers every day. */
export const EVERYDAY_PROBES: readonly DemoProbe[] = [
  {
    from: 'outside',
    server: 'web',
    protocol: 'tcp',
    to: { host: PLAN.host, port: 8080 },
    source: PLAN.outside,
    afterDamage: 'bent',
  },
  {
    from: 'outside',
    server: 'web',
    protocol: 'udp',
    to: { host: PLAN.host, port: 5353 },
    source: PLAN.outside,
    afterDamage: 'bent',
  },
  {
    from: 'worker',
    server: 'outside',
    protocol: 'tcp',
    to: { host: PLAN.outside, port: 80 },
    source: PLAN.host,
    afterDamage: 'dead',
  },
  {
    from: 'worker',
    server: 'outside',
    protocol: 'udp',
    to: { host: PLAN.outside, port: 53 },
    source: PLAN.host,
    afterDamage: 'dead',
  },
  {
    from: 'worker',
    server: 'web',
    protocol: 'tcp',
    to: { host: PLAN.web, port: 80 },
    source: PLAN.worker,
    afterDamage: 'well',
  },
];

/** Milliseconds to wait for an answer that crosses no real wire. */
const PATIENCE = 1_000;

function verdictOf({ source }: DemoProbe, answers: boolean, seen: string): ProbeVerdict {
  if (source === undefined) return answers || seen !== '' ? 'open' : 'well';
  if (!answers) return 'dead';
  return seen === source ? 'well' : 'bent';
}

async function askOne(hosts: DemoHosts, probe: DemoProbe): Promise<DemoProbeResult> {
  const token = randomUUID();
  const { from, server, protocol, to } = probe;
  const asker = from === 'neighbour' ? hosts.neighbour : hosts[from];
  if (asker === undefined) throw new Error(`the demo has no ${from}`);
  const answer = await asker.perform({ do: 'ask', protocol, to, token, patience: PATIENCE });
  const seen = await hosts[server].perform({ do: 'seen', token });
  const answers = answer === 'yes';
  return {
    probe,
    verdict: verdictOf(probe, answers, seen),
    asker: answers ? 'answers' : answer.replace('no: ', ''),
    seen,
  };
}

/** Sends every probe at once, each over a connection of its own, and asks both ends what became of it. */
export const askAll = (hosts: DemoHosts, probes: readonly DemoProbe[]): Promise<readonly DemoProbeResult[]> =>
  Promise.all(probes.map((probe) => askOne(hosts, probe)));
