import { bracketed } from '../../net/address.ts';
import type {
  Check,
  Diagnosis,
  NamedPath,
  CheckSection,
  DoctorTarget,
  CheckVerdict,
} from '../../doctor/diagnosis.ts';
import type { Packet } from '../../trace/packet.ts';
import type { Path, PathEnd, PathStep } from '../../trace/path.ts';
import { count, printable, shortRule, type Style } from '../text.ts';

/** A mark and a word for each verdict: colour is never the only sign. */
export const MARKS: Readonly<Record<CheckVerdict, string>> = { ok: '✓', warn: '!', fail: '✗', unknown: '?' };

export const COLOURS: Readonly<Record<CheckVerdict, Style>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  unknown: 'yellow',
};

/** The verdict in capitals, as the first word of every report. */
export const VERDICT_WORDS: Readonly<Record<Diagnosis['verdict'], string>> = {
  ok: 'HEALTHY',
  fail: 'FAULT',
  unknown: 'CANNOT TELL',
};

export const SECTION_TITLES: Readonly<Record<CheckSection, string>> = {
  docker: 'Docker',
  host: 'Host',
  links: 'Bridges and interfaces',
  container: 'Containers',
  rules: "Docker's rules",
  path: 'Paths',
  wire: 'Between the hosts',
  proof: 'Proof by packets',
};

/** `container web`, `192.0.2.1:8080/tcp`, `this host`. */
function targetWords(target: DoctorTarget): string {
  switch (target.kind) {
    case 'host':
      return 'this host';
    case 'container':
    case 'service':
    case 'network':
      return `${target.kind} ${printable(target.name)}`;
    case 'port':
      return `port ${hostPort(target.address, target.port)}/${target.proto}`;
    case 'address':
      return `${hostPort(target.address, target.port)}/${target.proto}`;
    default:
      return target satisfies never;
  }
}

/** What the diagnosis is about: `container web, from outside`. */
export function subjectWords({ target, from }: Diagnosis): string {
  return `${targetWords(target)}${from === '' ? '' : `, from ${printable(from)}`}`;
}

/** `Engine 28.5.2, nft`; `Engine 29.7.2, nftables`. */
export function basisWords({ engine, variant, firewallBackend }: Diagnosis): string {
  if (firewallBackend.startsWith('nftables'))
    return `${engine === '' ? 'no Engine answered' : `Engine ${printable(engine)}`}, nftables`;
  const rules = variant === '' ? 'rules not read' : printable(variant);
  if (engine !== '') return `Engine ${printable(engine)}, ${rules}`;
  return `no Engine answered, ${variant === '' ? rules : `rules of iptables-${rules}`}`;
}

/** What is wrong, in one line, behind the verdict's word. */
export function verdictWords(diagnosis: Diagnosis): string {
  switch (diagnosis.verdict) {
    case 'ok':
      return 'no fault found';
    case 'fail':
      return `${count(mattersOf(diagnosis).length, 'cause')} found`;
    case 'unknown':
      return `no fault found, but ${count(unknownsOf(diagnosis).length, 'thing')} could not be checked`;
    default:
      return diagnosis.verdict satisfies never;
  }
}

const unknownsOf = ({ checks }: Diagnosis): readonly Check[] =>
  checks.filter(({ verdict }) => verdict === 'unknown');

/** What is shown at length: the causes; where there are none and the verdict is unknown, what could not be read. */
export function mattersOf(diagnosis: Diagnosis): readonly Check[] {
  if (diagnosis.verdict === 'unknown') return unknownsOf(diagnosis);
  if (diagnosis.verdict === 'ok' || diagnosis.causes.length > 0) return diagnosis.causes;
  return diagnosis.checks.filter(({ verdict }) => verdict === 'fail');
}

/** Two checks are the same when they judge the same of the same: causes are copies or the very checks. */
const sameCheck = (a: Check, b: Check): boolean =>
  a === b || (a.code === b.code && a.about === b.about && a.title === b.title);

/** The checks that are not ok and not shown at length already. */
export function restOf(diagnosis: Diagnosis): readonly Check[] {
  const shown = mattersOf(diagnosis);
  return diagnosis.checks.filter(
    (check) => check.verdict !== 'ok' && !shown.some((other) => sameCheck(check, other)),
  );
}

/** `41 checks ok, 2 warnings; 6 paths, 1 stopped`. */
export function tallyWords({ checks, paths }: Diagnosis): string {
  const of = (verdict: CheckVerdict): number => checks.filter((check) => check.verdict === verdict).length;
  const parts = [
    `${count(of('ok'), 'check')} ok`,
    ...(of('fail') > 0 ? [`${String(of('fail'))} failed`] : []),
    ...(of('warn') > 0 ? [count(of('warn'), 'warning')] : []),
    ...(of('unknown') > 0 ? [`${String(of('unknown'))} unknown`] : []),
  ];
  const bad = paths.filter(({ verdict }) => verdict === 'fail').length;
  const dark = paths.filter(({ verdict }) => verdict === 'unknown').length;
  const closed = paths.filter(({ verdict }) => verdict === 'warn').length;
  const ways = [
    count(paths.length, 'path'),
    ...(bad > 0 ? [`${String(bad)} broken`] : []),
    ...(dark > 0 ? [`${String(dark)} unknown`] : []),
    ...(closed > 0 ? [`${String(closed)} closed by the host's own rules`] : []),
    ...(paths.length > 0 && bad + dark + closed === 0 ? ['all as they should be'] : []),
  ];
  return `${parts.join(', ')}; ${ways.join(', ')}`;
}

/** `[2001:db8::1]:80`, `192.0.2.1:80`; without the port where the protocol has none. */
export function hostPort(address: string, port: number): string {
  return port === 0 ? address : `${bracketed(address)}:${String(port)}`;
}

/** `tcp 198.51.100.7:40000 → 192.0.2.10:8080`. */
export function packetWords(packet: Packet): string {
  const { protocol, source, sourcePort, destination, destinationPort } = packet;
  return printable(`${protocol} ${hostPort(source, sourcePort)} → ${hostPort(destination, destinationPort)}`);
}

/** How a path ends, as a word for people and a sentence. */
export function endWords(end: PathEnd): { readonly word: string; readonly text: string } {
  switch (end.at) {
    case 'local':
      return { word: 'arrives', text: 'at a socket of this machine, if one listens' };
    case 'sent':
      return {
        word: 'leaves',
        text: printable(`by ${end.outInterface}${end.nextHop === '' ? '' : `, next hop ${end.nextHop}`}`),
      };
    case 'stopped':
      return {
        word: 'stopped',
        text: printable(
          `${end.target} by ${end.rule === undefined ? 'the policy of ' : 'a rule of '}${end.table} ${end.chain}${end.native === undefined ? ` (${end.variant})` : ''}`,
        ),
      };
    case 'lost':
      return { word: 'lost', text: printable(end.detail === '' ? end.why : end.detail) };
    case 'unknown':
      return {
        word: 'unknown',
        text: printable(end.table === undefined ? end.why : `${end.why} (${end.table} ${end.chain ?? ''})`),
      };
    default:
      return end satisfies never;
  }
}

/** What a named path is judged to be: `gets through`, `closed, as it should be`, `does not get through`. */
export function pathWords({ verdict, shouldPass, flaw, path }: NamedPath): string {
  if (verdict === 'unknown') return 'cannot tell';
  if (verdict === 'warn') return "closed by the host's own rules";
  const open = isOpen(path);
  if (!shouldPass) return open ? 'open, though it should be closed' : 'closed, as it should be';
  if (!open) return 'does not get through';
  return flaw === '' ? 'gets through' : 'gets through, but not as it should';
}

/** Whether a path gets anywhere. */
export const isOpen = ({ end }: Path): boolean => end.at === 'local' || end.at === 'sent';

/**
 * Whether a step is the one that ends a path: the last of one that is stopped; of one that is lost or unknown only where the
 * kernel decided it, or the very rule is named, for the last step may just be the last that is known.
 */
export function isEnding(index: number, { steps, end }: Path): boolean {
  const step = steps[index];
  if (step === undefined || index !== steps.length - 1) return false;
  if (end.at === 'stopped') return true;
  if (end.at === 'lost') return step.stage === 'routing' || step.stage === 'bridge';
  return end.at === 'unknown' && end.rule !== undefined && end.rule.text === step.rule?.text;
}

/** `filter FORWARD`, `routing`. */
export const stepPlace = ({ stage, chain }: PathStep): string =>
  printable(chain === undefined ? stage : `${stage} ${chain}`);

/** The rule of a step, shortened; `policy` and kernel's decisions have none. */
export const stepRule = ({ rule }: PathStep): string =>
  rule === undefined ? '' : shortRule(rule.text, rule.chain);

/** `4182 packets` of counters `4182:250920`; '' for none. */
export function packetsOf(counters: string): string {
  const packets = counters.split(':')[0] ?? '';
  if (!/^\d+$/.test(packets)) return '';
  return packets === '1' ? '1 packet' : `${packets} packets`;
}
