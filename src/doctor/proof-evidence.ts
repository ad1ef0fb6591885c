import { rose, type Counted, type OtherShot, type ProbeSeen, type Sighting } from './probe-seen.ts';

/** Rules told with one probe: the rest of a long path says nothing new. */
const MOST_RULES = 6;

/** What a probe was judged by, one line each. */
export function evidenceOf(seen: ProbeSeen): readonly string[] {
  const { from, to, sightings, counted = [] } = seen;
  // What was answered was not dropped: rules that dropped something meanwhile dropped something else.
  const relevant = counted.filter(({ ends }) => !ends || seen.answer !== 'answered');
  const told = [...relevant].sort((a, b) => weight(b) - weight(a)).slice(0, MOST_RULES);
  return [
    shotLine({ from, to, answer: seen.answer, detail: seen.detail }),
    ...(sightings === undefined ? [] : [`tcpdump: ${sightingLine(sightings)}`]),
    ...told.map(countedLine),
    ...seen.others.map(shotLine),
    ...seen.notes,
  ];
}

const weight = (one: Counted): number => (rose(one) ? 2 : 0) + (one.ends ? 1 : 0);

const ANSWERS: Readonly<Record<ProbeSeen['answer'], string>> = {
  answered: 'answered',
  refused: 'refused',
  silent: 'no answer within a second',
  unreachable: 'not reachable',
  unsent: 'not sent',
};

const shotLine = ({ from, to, answer, detail }: OtherShot): string =>
  `${from} → ${to}: ${ANSWERS[answer]}${detail === '' ? '' : ` (${detail})`}`;

function countedLine(one: Counted): string {
  const { family, backend, table, chain, text, before, after } = one;
  const rule = text.startsWith('policy ') ? `${chain} ${text}` : text;
  const counts = rose(one) ? `${before} → ${after} packets` : `${after} packets, none more`;
  return `${family === 'ipv6' ? 'ip6tables' : 'iptables'}-${backend} -t ${table} ${rule} (${counts})`;
}

/** The way of a packet and of its answer: `vetha1 in, docker0 in, eth0 out from 192.0.2.1; answer: eth0 in`. */
function sightingLine(sightings: readonly Sighting[]): string {
  const way = (reply: boolean): string => {
    const ofWay = sightings.filter((sighting) => sighting.reply === reply);
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
