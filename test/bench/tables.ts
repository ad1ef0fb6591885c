import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { least, median, type Samples } from './clock.ts';
import { capture } from './program.ts';

/** A table in Markdown. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The columns of {@link besideFloor}. */
export const BESIDE_FLOOR = [
  'floor, best ms',
  'best ms',
  'ratio of bests',
  'ratio of medians',
  'ratio of processor time',
];

/** The cells for what something took and for its floor in the same rounds. */
export function besideFloor(floor: Samples, whole: Samples): readonly string[] {
  const ratio = (a: number, b: number): string => (a / b).toFixed(2);
  return [
    least(floor.wall).toFixed(0),
    least(whole.wall).toFixed(0),
    ratio(least(whole.wall), least(floor.wall)),
    ratio(median(whole.wall), median(floor.wall)),
    ratio(whole.cpu, floor.cpu),
  ];
}

/** The machine the figures were measured on. */
export function machine(): string {
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'latin1').replace(/-.*/s, '').trim();
  const iptables = capture('iptables-nft-save', ['--version']).trim();
  return `Node ${process.versions.node}, ${iptables}, Linux ${kernel}, ${String(cpus().length)} processors (${cpus()[0]?.model ?? 'unknown'}); load average at the start ${(loadavg()[0] ?? 0).toFixed(1)}.`;
}
