import type { NamedPath } from '../../../src/doctor/diagnosis.ts';
import type { RuleCount, ProbeResult, CapturedPacket } from '../../../src/doctor/probe/result.ts';
import { judgeProbe } from '../../../src/doctor/probe/proof.ts';
import { makeRule } from '../../../src/firewall/iptables/text/model.ts';
import type { PathEnd } from '../../../src/trace/path.ts';
import { pathOf } from './paths.ts';

export const DROP = '-A FORWARD -j DROP';
export const STOP: PathEnd = {
  ...{ at: 'stopped', hook: 'FORWARD', variant: 'nft', table: 'filter', chain: 'FORWARD', target: 'DROP' },
  rule: makeRule(DROP),
};
export const POLICY: PathEnd = {
  at: 'stopped',
  hook: 'FORWARD',
  variant: 'nft',
  table: 'filter',
  chain: 'FORWARD',
  target: 'DROP',
};
export const LOST: PathEnd = { at: 'lost', why: 'no-route', detail: 'no route to 192.0.2.2' };
export const FORWARDING: PathEnd = { at: 'lost', why: 'forwarding-off', detail: 'net.ipv4.ip_forward is 0' };
export const UNKNOWN: PathEnd = { at: 'unknown', why: 'a match' };
export const LOCAL: PathEnd = { at: 'local' };
export const SENT: PathEnd = { at: 'sent', outInterface: 'docker0', nextHop: '' };

const WEB = { address: '172.17.0.2', link: 'docker0' };
const DB = { address: '172.17.0.3', link: 'docker0' };
const OUTSIDE = { address: '192.0.2.2', link: 'eth0' };
const ASKED = { asked: { address: '192.0.2.1', port: 8080 } };

export const beside = (end: PathEnd = SENT, shouldPass = true): NamedPath =>
  pathOf('same-network', 'db → web:80', DB, WEB, { end, shouldPass, subjects: ['db', 'web'] });
export const datagram = (end: PathEnd = SENT): NamedPath =>
  pathOf('same-network', 'db → web:53', DB, WEB, { end, protocol: 'udp' });
export const outbound = (end: PathEnd = SENT): NamedPath =>
  pathOf('outbound', 'web → outside', WEB, OUTSIDE, { end });
export const published = (end: PathEnd = SENT): NamedPath =>
  pathOf('published', 'outside → web:80', OUTSIDE, WEB, { end, ...ASKED });

export const counted = (
  text: string,
  before: number,
  after: number,
  chain = 'FORWARD',
  table = 'filter',
): RuleCount => ({
  ...{ family: 'ipv4', variant: 'nft', table, chain, text },
  ...{ before: String(before), after: String(after), ends: /DROP|REJECT/.test(text) },
});
export const at = (link: string, out: boolean, given: Partial<CapturedPacket> = {}): CapturedPacket => ({
  ...{ link, out, reply: false, source: '172.17.0.3', destination: '172.17.0.2' },
  ...given,
});

export const SEEN: ProbeResult = {
  from: 'db',
  to: '172.17.0.2:80/tcp',
  standsIn: false,
  target: 'web',
  gateway: '172.17.0.1',
  answer: 'silent',
  detail: '',
  ruleCounts: [],
  captured: [],
  doors: ['vethweb'],
  proxy: false,
  translation: 'none',
  others: [],
  notes: [],
};
export const IN_PLACE: Partial<ProbeResult> = { from: 'this host', standsIn: true, translation: 'counted' };
export const ARRIVED = [at('vethdb', false), at('vethweb', true)];
export const BLIND = { captured: undefined };

export const judged = (path: NamedPath, seen: Partial<ProbeResult>): string => {
  const { code, verdict, title, meaning } = judgeProbe(path, { ...SEEN, ...seen });
  return `${code} ${verdict}: ${title}${meaning === '' ? '' : ` | ${meaning}`}`;
};

type Row = readonly [path: NamedPath, seen: Partial<ProbeResult>, check: string];

/** Rows with the expected check in front, to be the title. */
export const titled = (
  rows: readonly Row[],
): readonly (readonly [string, NamedPath, Partial<ProbeResult>])[] =>
  rows.map(([path, seen, check]) => [check, path, seen]);
