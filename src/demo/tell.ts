import type { Paint, Style } from '../report/text.ts';
import { PLAN, PUBLISHED } from './world.ts';
import type { Outcome, Verdict } from './probes.ts';

/** Writes the play for people to read. */
export interface Teller {
  /** A numbered heading. */
  step(title: string): void;
  line(text?: string): void;
  /** A command as typed at a root prompt. */
  command(words: readonly string[]): void;
  /** What a command printed, set apart from the play's own words. */
  quote(text: string): void;
  map(engine: string): void;
  outcomes(outcomes: readonly Outcome[]): void;
  times(times: readonly Time[]): void;
}

/** How long one part of the play took. */
export interface Time {
  readonly what: string;
  readonly ms: number;
}

const MARKS: Readonly<Record<Verdict, readonly [string, Style]>> = {
  well: ['✓', 'green'],
  bent: ['!', 'yellow'],
  dead: ['✗', 'red'],
};

const published = PUBLISHED.map(
  ({ protocol, port, to }) => `${String(port)}/${protocol} (its ${String(to.port)})`,
).join(' and ');

const NAMES: Readonly<Record<string, string>> = {
  [PLAN.host]: 'the host',
  [PLAN.outside]: 'outside',
  [PLAN.worker]: 'worker',
  [PLAN.web]: 'web',
  [PLAN.gateway]: 'docker-proxy on the host',
};
const named = (address: string): string => `${address} (${NAMES[address] ?? 'a stranger'})`;

function serverSaw({ probe, verdict, seen }: Outcome): string {
  if (seen === '') return `${probe.server} saw nothing`;
  if (verdict === 'dead') return `${probe.server} saw ${named(seen)}, whom it has no way to answer`;
  return `${probe.server} saw ${named(seen)}${verdict === 'bent' ? `, not ${probe.source}` : ''}`;
}

/** Where the play is told. */
export interface Stage {
  readonly print: (text: string) => void;
  readonly paint: Paint;
}

/** A teller for this stage. */
export function createTeller({ print, paint }: Stage): Teller {
  const line = (text = ''): void => {
    print(`${text}\n`);
  };
  let steps = 0;
  return {
    line,
    step(title) {
      line(`\n${paint('bold', `${String((steps += 1))}. ${title}`)}`);
    },
    command(words) {
      line(`   ${paint('dim', '#')} ${paint('bold', words.join(' '))}`);
    },
    quote(text) {
      for (const one of text.trimEnd().split('\n')) line(`   ${paint('dim', '│')} ${one}`.trimEnd());
    },
    map(engine) {
      const upTo = `   outside ${PLAN.outside} ─── ${PLAN.host} host ${PLAN.gateway} `;
      line(`${upTo}─┬─ web    ${PLAN.web}`);
      line(`${' '.repeat(upTo.length)} └─ worker ${PLAN.worker}`);
      line(`   The rules are a real Docker Engine's, ${engine}. It publishes ${published} of web.`);
    },
    outcomes(outcomes) {
      const rows = outcomes.map((outcome) => {
        const { from, to, protocol, server } = outcome.probe;
        const where = to.host === PLAN.host ? 'host' : server;
        return [
          `${from} → ${where}:${String(to.port)}/${protocol}`,
          outcome.asker,
          serverSaw(outcome),
        ] as const;
      });
      const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
      rows.forEach(([way, asker, server], i) => {
        const [mark, as] = MARKS[outcomes[i]?.verdict ?? 'dead'];
        line(
          `   ${paint(as, mark)} ${way.padEnd(widths[0] ?? 0)}  ${asker.padEnd(widths[1] ?? 0)}  ${server}`,
        );
      });
    },
    times(times) {
      const width = Math.max(...times.map(({ what }) => what.length));
      for (const { what, ms } of times)
        line(`   ${what.padEnd(width)}  ${`${String(Math.round(ms))} ms`.padStart(8)}`);
    },
  };
}
