import { followPeers } from '../../doctor/peers/follow-peers.ts';
import type { PeerHost, PeersDiagnosis, PeerTarget } from '../../doctor/peers/peer.ts';
import type { Listened, ListenedFlow } from '../../doctor/peers/probe/listened.ts';
import type { FactsJson } from '../../doctor/recorded/facts-json.ts';
import { readingsFrom } from '../../doctor/recorded/read-facts.ts';
import { isAddress, readPort, unbracketed } from '../../doctor/target/port-argument.ts';
import { Fault } from '../../fault.ts';
import { hostPort } from '../../net/address.ts';
import { gatherFacts } from '../diagnose/gather.ts';
import type { DiagnosisHost } from '../diagnose/ports.ts';
import type { Listener, NoticeEvent, StepEvent } from '../events.ts';
import { coveringOf } from '../accept/acceptances.ts';
import { BY_BOTH, openReference } from '../observe/open-reference.ts';
import { probePeers } from './probe-peers.ts';
import { replayedHost } from './replayed-host.ts';
import { refuseOneHost } from './same-host.ts';
import { toldApart } from './told-apart.ts';

/** What is asked of two hosts. */
export interface PeersRequest {
  /** Who asks: a container, service or network of the asking host, or `host`. */
  readonly asker: string;
  /** What is asked, as typed: `ADDRESS` or `ADDRESS:PORT`. */
  readonly to: string;
  /** The other host: a file of facts, or `ssh://[user@]host[:port]`. */
  readonly peer: string;
  /** A file of facts of the host that asks; undefined for this host. */
  readonly here: string | undefined;
  /** Whether a real packet is sent, and both hosts watch. */
  readonly probe: boolean;
}

/** What a diagnosis of two hosts touches. */
export interface PeersReader {
  readonly host: DiagnosisHost;
  readonly about: { readonly host: string; readonly program: string };
  /** @param where - a path, or a URL of ssh. @throws Fault RG_PEER, RG_FACTS */
  readonly readPeer: (where: string, named: string | undefined) => Promise<FactsJson>;
  /** Has another host watch for a probe. @param where - a URL of ssh */
  readonly listenAtPeer: (
    where: string,
    flow: ListenedFlow,
  ) => Promise<{ readonly end: () => Promise<Listened> }>;
}

/** What was found out, with its exit: 0 nothing found, 1 a cause, 3 cannot tell. */
export interface PeersDiagnosed {
  readonly diagnosis: PeersDiagnosis;
  readonly exit: 0 | 1 | 3;
}

const EXITS = { ok: 0, fail: 1, unknown: 3 } as const;

/**
 * Finds out why somebody on one host does not reach an address on another. Changes nothing on either.
 *
 * @throws Fault RG_USAGE, RG_PRIVILEGE, RG_PEER, RG_FACTS
 */
export async function diagnosePeers(
  reader: PeersReader,
  { asker, to, peer, here, probe }: PeersRequest,
  on: Listener<StepEvent | NoticeEvent>,
): Promise<PeersDiagnosed> {
  const target = targetFrom(to);
  const named = `${hostPort(target.address, target.port)}/${target.proto}`;
  on({ kind: 'step', step: 'asking-peer' });
  const [asking, asked] = await Promise.all([
    here === undefined
      ? thisHost(reader, [asker], on)
      : reader
          .readPeer(here, asker === 'host' ? undefined : asker)
          .then((facts) => otherHost(facts, here, reader.host.now())),
    reader.readPeer(peer, named).then((facts) => otherHost(facts, peer, reader.host.now())),
  ]);
  refuseOneHost({ source: here ?? 'what is read here', peer: asking }, { source: peer, peer: asked });
  const hosts = [toldApart(asking, 'asking', [asked]), toldApart(asked, 'asked', [asking])] as const;
  const followed = followPeers({ asker, target }, ...hosts);
  const listen = (flow: ListenedFlow) => reader.listenAtPeer(peer, flow);
  const diagnosis = probe ? await probePeers({ prober: reader.host, listen }, followed, ...hosts) : followed;
  return { diagnosis, exit: EXITS[diagnosis.verdict] };
}

/** What is asked of an address without a port. */
const USUAL = { port: 443, proto: 'tcp' } as const;

function targetFrom(to: string): PeerTarget {
  const named = readPort(to);
  const target = named ?? { address: unbracketed(to), ...USUAL };
  const { address, port, proto } = target;
  if (!isAddress(address))
    throw new Fault(
      'RG_USAGE',
      2,
      `--to ${to}: with --peer that is an address of the other host, and a port`,
      {
        hint: 'Name its address: --to ADDRESS:PORT',
      },
    );
  return { address, port, proto };
}

async function thisHost(
  { host, about }: PeersReader,
  named: readonly string[],
  on: Listener<StepEvent | NoticeEvent>,
): Promise<PeerHost> {
  const reference = await openReference(BY_BOTH, host.baselines);
  const [gathered, accepted] = await Promise.all([
    gatherFacts(host, { reference, named }),
    coveringOf(host, on),
  ]);
  const time = new Date(host.now()).toISOString();
  return { about: { ...about, time }, facts: { ...gathered, accepted }, age: 0 };
}

/** Facts as they would have been gathered there. @param now - milliseconds since 1970. @throws Fault RG_PARSE, RG_FACTS */
async function otherHost(json: FactsJson, source: string, now: number): Promise<PeerHost> {
  const { about, readings } = readingsFrom(json, source);
  const host = replayedHost(readings, about.time);
  const reference = { source: 'both', stored: undefined, stood: readings.stood } as const;
  const facts = await gatherFacts(host, { reference, named: [] });
  return { about, facts, age: (now - Date.parse(about.time)) / 1000 };
}
