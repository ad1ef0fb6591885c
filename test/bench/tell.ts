import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { capture } from './program.ts';

/** A table in Markdown. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What the figures were measured on. */
export function machine(): string {
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim();
  const iptables = capture('iptables-nft-save', ['--version']).trim();
  return `Node ${process.versions.node}, ${iptables}, Linux ${kernel}, ${String(cpus().length)} processors (${cpus()[0]?.model ?? 'unknown'}); load average at the start ${(loadavg()[0] ?? 0).toFixed(1)}.`;
}
