import type { ProxiedPort } from '../docker/intent/values.ts';
import type { PublishedPort } from '../docker/inventory/inventory.ts';
import type { Family } from '../net/family.ts';
import type { PathEnd } from '../trace/path.ts';
import type { PathOutcome } from './goal.ts';

/** A container's place on one network, in one family. */
export interface Spot {
  readonly container: string;
  readonly network: string;
  readonly bridge: string;
  readonly address: string;
}

/** Who asks. */
export type Asker =
  /** Somebody outside, whose packets come in by an interface: a neighbour on its link, or from beyond it. */
  | {
      readonly by: 'outside';
      readonly interface: string;
      readonly address: string;
      /** `guests`: of another bridge on this host, of another Engine or of virtual machines. */
      readonly from: 'link' | 'beyond' | 'guests';
    }
  | { readonly by: 'host' }
  /** A container; `is` says what it is to the container asked, where one is asked. */
  | { readonly by: 'container'; readonly spot: Spot; readonly is: Relation };

/** What an asking container is to the one asked: that one itself, of the same network, or of another. */
export type Relation = 'itself' | 'same-network' | 'other-network' | 'none';

/** What is asked. */
export type AskedFor =
  /** A published port, by an address of this host. */
  | {
      readonly what: 'published';
      readonly spot: Spot;
      readonly port: number;
      readonly at: string;
      readonly hostPort: number;
      /** By IPv6, of a container that has no address of it: docker-proxy alone serves the port, and asks `spot` in IPv4. */
      readonly proxied?: ProxiedPort;
    }
  /** A published port, by the container's own address. */
  | { readonly what: 'own-port'; readonly spot: Spot; readonly port: number }
  /** A port that is not published, by the container's own address. */
  | { readonly what: 'unpublished'; readonly spot: Spot; readonly port: number }
  /** At 443/tcp or 53/udp where no port is said. */
  | { readonly what: 'outside'; readonly address: string; readonly port?: number }
  | { readonly what: 'name-server'; readonly address: string };

/**
 * What Docker means to happen: reached by translation and routing alone, so that whoever is asked sees who asks; reached through
 * docker-proxy; stopped; or nothing, so that whatever happens is well.
 */
export type Should = 'reached' | 'proxied' | 'stopped' | 'no-promise';

/** What happens. The way of the answer counts: a question whose answer is lost is not reached. */
export type Is =
  /** `as` is the address that whoever is asked sees. */
  | { readonly is: 'reached'; readonly as: string }
  /** Through docker-proxy, which asks in the asker's place: the asker's address is lost. */
  | { readonly is: 'proxied' }
  | {
      readonly is: 'stopped';
      /** On the way there, on the way of the answer, or on docker-proxy's own way to the container. */
      readonly leg: Leg;
      readonly outcome: PathOutcome;
      readonly end: PathEnd;
    }
  | { readonly is: 'unknown'; readonly leg: Leg; readonly end: PathEnd };

export type Leg = 'question' | 'answer' | 'proxy';

/**
 * What follows of a cell: as it should be; traffic lost; protection lost; reached, with the asker's address lost; not to be
 * decided. `operator` is for what somebody decided on purpose; nothing says so yet.
 */
export type Effect = 'same' | 'outage' | 'exposure' | 'degraded' | 'unknown' | 'operator';

/** One cell of the table: somebody asks something. */
export interface Cell {
  readonly family: Family;
  readonly proto: PublishedPort['proto'] | 'icmp';
  readonly asker: Asker;
  readonly asked: AskedFor;
  readonly should: Should;
  readonly is: Is;
  readonly effect: Effect;
}

/** What follows of what should be and what is. */
export function effectOf(should: Should, is: Is, asker: Asker): Effect {
  if (should === 'no-promise') return 'same';
  if (is.is === 'unknown') return 'unknown';
  if (should === 'stopped') return is.is === 'stopped' ? 'same' : 'exposure';
  if (is.is === 'stopped') return 'outage';
  if (should === 'proxied') return 'same';
  const isLost = is.is === 'proxied' || (asker.by === 'outside' && is.as !== asker.address);
  return isLost ? 'degraded' : 'same';
}
