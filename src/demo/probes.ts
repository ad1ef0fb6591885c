import { randomUUID } from 'node:crypto';
import { PLAN } from './hosts.ts';
import type { DemoHosts } from './hosts.ts';
import type { SocketProtocol } from '../net/protocol.ts';
import type { SocketAddress } from './tasks.ts';

/** One question that the demo answers: does it get through, and whom does the far end see? */
export interface DemoProbe {
  readonly from: 'outside' | 'worker';
  /** Who serves. */
  readonly server: 'outside' | 'web';
  readonly protocol: SocketProtocol;
  readonly to: SocketAddress;
  /** The address that the server sees when all is well. */
  readonly source: string;
  /** What `-t nat -F` does to it. */
  readonly afterFlush: ProbeVerdict;
}

/** `well`: as it should be; `bent`: answered, but the server sees another's address; `dead`: no answer. */
export type ProbeVerdict = 'well' | 'bent' | 'dead';

/** What came of a probe. */
export interface DemoProbeResult {
  readonly probe: DemoProbe;
  readonly verdict: ProbeVerdict;
  /** What the asking end got: `answers`, or the reason there is none. */
  readonly asker: string;
  /** The source address the serving end saw; empty when nothing arrived. */
  readonly seen: string;
}

const PROBES: readonly DemoProbe[] = [
  {
    from: 'outside',
    server: 'web',
    protocol: 'tcp',
    to: { host: PLAN.host, port: 8080 },
    source: PLAN.outside,
    afterFlush: 'bent',
  },
  {
    from: 'outside',
    server: 'web',
    protocol: 'udp',
    to: { host: PLAN.host, port: 5353 },
    source: PLAN.outside,
    afterFlush: 'bent',
  },
  {
    from: 'worker',
    server: 'outside',
    protocol: 'tcp',
    to: { host: PLAN.outside, port: 80 },
    source: PLAN.host,
    afterFlush: 'dead',
  },
  {
    from: 'worker',
    server: 'outside',
    protocol: 'udp',
    to: { host: PLAN.outside, port: 53 },
    source: PLAN.host,
    afterFlush: 'dead',
  },
  {
    from: 'worker',
    server: 'web',
    protocol: 'tcp',
    to: { host: PLAN.web, port: 80 },
    source: PLAN.worker,
    afterFlush: 'well',
  },
];

/** Milliseconds to wait for an answer that crosses no real wire. */
const PATIENCE = 1_000;

async function askOne(hosts: DemoHosts, probe: DemoProbe): Promise<DemoProbeResult> {
  const token = randomUUID();
  const { protocol, to } = probe;
  const answer = await hosts[probe.from].perform({ do: 'ask', protocol, to, token, patience: PATIENCE });
  const seen = await hosts[probe.server].perform({ do: 'seen', token });
  if (answer !== 'yes') return { probe, verdict: 'dead', asker: answer.replace('no: ', ''), seen };
  return { probe, verdict: seen === probe.source ? 'well' : 'bent', asker: 'answers', seen };
}

/** Sends every probe at once, each over a connection of its own, and asks both ends what became of it. */
export const askAll = (hosts: DemoHosts): Promise<readonly DemoProbeResult[]> =>
  Promise.all(PROBES.map((probe) => askOne(hosts, probe)));
