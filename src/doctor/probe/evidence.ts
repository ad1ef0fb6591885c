import { iptablesOf } from '../../firewall/iptables/text/tools.ts';
import {
  hasCounted,
  type RuleCount,
  type OtherPacket,
  type ProbeResult,
  type CapturedPacket,
} from './result.ts';

/** Rules shown with one probe: the rest of a long path adds nothing. */
const MOST_RULES = 6;

/** What a probe was judged by, one line each. */
export function evidenceOf(seen: ProbeResult): readonly string[] {
  const { from, to, captured, ruleCounts = [] } = seen;
  // What was answered was not dropped: rules that dropped something meanwhile dropped something else.
  const relevant = ruleCounts.filter(({ ends }) => !ends || seen.answer !== 'answered');
  const shown = [...relevant].sort((a, b) => weight(b) - weight(a)).slice(0, MOST_RULES);
  return [
    packetLine({ from, to, answer: seen.answer, detail: seen.detail }),
    ...(captured === undefined ? [] : [`tcpdump: ${captureLine(captured)}`]),
    ...shown.map(countedLine),
    ...seen.others.map(packetLine),
    ...seen.notes,
  ];
}

const weight = (one: RuleCount): number => (hasCounted(one) ? 2 : 0) + (one.ends ? 1 : 0);

const ANSWERS: Readonly<Record<ProbeResult['answer'], string>> = {
  answered: 'answered',
  refused: 'refused',
  silent: 'no answer within a second',
  unreachable: 'not reachable',
  unsent: 'not sent',
};

const packetLine = ({ from, to, answer, detail }: OtherPacket): string =>
  `${from} → ${to}: ${ANSWERS[answer]}${detail === '' ? '' : ` (${detail})`}`;

function countedLine(one: RuleCount): string {
  const { family, variant, table, chain, text, before, after } = one;
  const rule = text.startsWith('policy ') ? `${chain} ${text}` : text;
  const counts = hasCounted(one) ? `${before} → ${after} packets` : `${after} packets, none more`;
  return variant === undefined
    ? `nft ${table} ${chain}: ${rule} (${counts})`
    : `${iptablesOf(family)}-${variant} -t ${table} ${rule} (${counts})`;
}

/** The way of a packet and of its answer: `vetha1 in, docker0 in, eth0 out from 192.0.2.1; answer: eth0 in`. */
function captureLine(captured: readonly CapturedPacket[]): string {
  const way = (reply: boolean): string => {
    const ofWay = captured.filter((one) => one.reply === reply);
    const places = ofWay.map((one, i) => {
      const last = ofWay[i - 1] ?? one;
      return [
        one.link === '' ? 'some interface' : one.link,
        one.out ? 'out' : 'in',
        ...(last.source === one.source ? [] : [`from ${one.source}`]),
        ...(last.destination === one.destination ? [] : [`to ${one.destination}`]),
      ].join(' ');
    });
    return places.join(', ');
  };
  const [there, back] = [way(false), way(true)];
  if (there === '' && back === '') return 'seen on no interface of this host';
  return [there, ...(back === '' ? [] : [`answer: ${back}`])].filter((part) => part !== '').join('; ');
}

const ruleOf = ({ chain, text }: RuleCount): string =>
  text.startsWith('policy ') ? `${chain}'s ${text}` : text;

/** Rules that dropped something meanwhile: perhaps this. */
export function otherEnds({ ruleCounts = [] }: ProbeResult): string {
  const others = ruleCounts.filter((one) => one.ends && hasCounted(one)).map(ruleOf);
  return others.length === 0 ? '' : `meanwhile counted: ${others.join('; ')}`;
}
