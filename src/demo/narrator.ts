import type { Paint, Style } from '../report/text.ts';
import { breakLine } from './break-line.ts';
import { PLAN, PUBLISHED_PORTS } from './hosts.ts';
import type { DemoIncident } from './incidents/incident.ts';
import type { DemoProbeResult, ProbeVerdict } from './probes.ts';

/** Writes the demo for people to read. */
export interface Narrator {
  /** A numbered heading. */
  step(title: string): void;
  line(text?: string): void;
  /** A command as typed at a root prompt. */
  command(typed: string): void;
  /** What a command printed, set apart from the demo's own words; long lines are broken. */
  quote(text: string): void;
  map(incident: Pick<DemoIncident, 'engine' | 'firewall'>): void;
  results(results: readonly DemoProbeResult[]): void;
  times(times: readonly StepTime[]): void;
}

/** How long one part of the demo took. */
export interface StepTime {
  readonly what: string;
  readonly ms: number;
}

const MARKS: Readonly<Record<ProbeVerdict, readonly [string, Style]>> = {
  well: ['✓', 'green'],
  bent: ['!', 'yellow'],
  dead: ['✗', 'red'],
  open: ['!', 'red'],
};

const published = PUBLISHED_PORTS.map(
  ({ protocol, port, to }) => `${String(port)}/${protocol} (its ${String(to.port)})`,
).join(' and ');

const NAMES: Readonly<Record<string, string>> = {
  [PLAN.host]: 'the host',
  [PLAN.outside]: 'outside',
  [PLAN.neighbour]: 'neighbour',
  [PLAN.worker]: 'worker',
  [PLAN.web]: 'web',
  [PLAN.gateway]: 'docker-proxy',
};
const named = (address: string): string => `${address} (${NAMES[address] ?? 'unknown'})`;

function serverSaw({ probe, verdict, seen }: DemoProbeResult): string {
  if (seen === '') return `${probe.server} saw nothing${verdict === 'well' ? ', as Docker means it' : ''}`;
  if (verdict === 'dead') return `${probe.server} saw ${named(seen)}, no way to answer`;
  if (verdict === 'open') return `${probe.server} saw ${named(seen)}, not stopped`;
  return `${probe.server} saw ${named(seen)}${verdict === 'bent' ? `, not ${probe.source ?? ''}` : ''}`;
}

/** What a quoted line may hold, so that with its mark it fits 100 columns. */
const QUOTED_COLUMNS = 95;

/** Where the demo is shown. */
export interface DemoOutput {
  readonly print: (text: string) => void;
  readonly paint: Paint;
}

/** A narrator for this output. */
export function createNarrator({ print, paint }: DemoOutput): Narrator {
  const line = (text = ''): void => {
    print(`${text}\n`);
  };
  let steps = 0;
  return {
    line,
    step(title) {
      line(`\n${paint('bold', `${String((steps += 1))}. ${title}`)}`);
    },
    command(typed) {
      line(`   ${paint('dim', '#')} ${paint('bold', typed)}`);
    },
    quote(text) {
      for (const one of text
        .trimEnd()
        .split('\n')
        .flatMap((whole) => breakLine(whole, QUOTED_COLUMNS)))
        line(`   ${paint('dim', '│')} ${one}`.trimEnd());
    },
    map({ engine, firewall }) {
      const upTo = `   outside ${PLAN.outside} ─── ${PLAN.host} host ${PLAN.gateway} `;
      line(`${upTo}─┬─ web    ${PLAN.web}`);
      line(`${' '.repeat(upTo.length)} └─ worker ${PLAN.worker}`);
      if (firewall === 'nftables')
        line(`   neighbour ${PLAN.neighbour} ─── ${PLAN.secondHost} host: it has a route to ${PLAN.subnet}`);
      line(`   It publishes ${published} of web.`);
      line(`   The rules are those a real Docker Engine ${engine} wrote. No Docker runs here:`);
      line('   what that Engine answered was recorded, and the demo gives the recorded answers.');
    },
    results(results) {
      const rows = results.map((result) => {
        const { from, to, protocol, server } = result.probe;
        const where = to.host === PLAN.host ? 'host' : server;
        return [
          `${from} → ${where}:${String(to.port)}/${protocol}`,
          result.asker,
          serverSaw(result),
        ] as const;
      });
      const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
      rows.forEach(([way, asker, server], i) => {
        const [mark, as] = MARKS[results[i]?.verdict ?? 'dead'];
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
