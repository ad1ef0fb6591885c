import { wiresOf } from '../../doctor/peers/door.ts';
import type { PeerHost, PeersDiagnosis } from '../../doctor/peers/peer.ts';
import { flowName, type Listened, type ListenedFlow } from '../../doctor/peers/probe/listened.ts';
import { judgePeerProbe } from '../../doctor/peers/probe/proof.ts';
import type { ProbedHost } from '../../doctor/peers/probe/seen-probe.ts';
import { withPeerProof } from '../../doctor/peers/probe/with-proof.ts';
import { resultOf } from '../../doctor/probe/observed.ts';
import { planProbes } from '../../doctor/probe/probe-plan.ts';
import { decidesAnything } from '../../firewall/iptables/text/model.ts';
import type { Prober } from '../diagnose/ports.ts';

/** Sends here, and has the other host watch. */
export interface PeerProber {
  readonly prober: Prober;
  readonly listen: (flow: ListenedFlow) => Promise<{ readonly end: () => Promise<Listened> }>;
}

/** Sends the question as a real packet while both hosts watch, and adds how far it and its answer came. */
export async function probePeers(
  { prober, listen }: PeerProber,
  diagnosis: PeersDiagnosis,
  asking: PeerHost,
  asked: PeerHost,
): Promise<PeersDiagnosis> {
  const { target } = diagnosis;
  const paths = diagnosis.asking.diagnosis.paths.filter(
    ({ path: { packet } }) =>
      packet.destination === target.address &&
      packet.destinationPort === target.port &&
      packet.state === 'NEW',
  );
  const [probe] = planProbes(paths, asking.facts, prober.pickSourcePort()).probes;
  const packet = probe?.packet;
  const hosts = { asking: probed(asking), asked: probed(asked) };
  const unwatched: Listened = { unavailable: 'nothing was sent', packets: [], others: 0 };
  if (probe === undefined || packet === undefined || 'unavailable' in packet) {
    const result = {
      from: diagnosis.asker,
      to: flowName(target),
      answer: 'unsent',
      detail:
        packet !== undefined && 'unavailable' in packet ? packet.unavailable : 'no way to it was followed',
      captured: undefined,
      notes: [],
    } as const;
    return withPeerProof(diagnosis, judgePeerProbe({ result, listened: unwatched, ...hosts }));
  }
  const alone = { ...probe, others: [] };
  const listener = await listen({ ...target, sourcePort: packet.sourcePort });
  const observed = await prober
    .sendProbes(
      [alone],
      asking.facts.netState.rulesets
        .filter(({ rules }) => decidesAnything(rules))
        .map(({ variant }) => variant),
      undefined,
    )
    .catch(async (error: unknown) => {
      await listener.end();
      throw error;
    });
  const listened = await listener.end();
  const result = resultOf(alone, observed, true);
  return withPeerProof(diagnosis, judgePeerProbe({ result, listened, ...hosts }));
}

const probed = ({ about: { host }, facts }: PeerHost): ProbedHost => ({
  host,
  wires: wiresOf(facts).map(({ name }) => name),
});
