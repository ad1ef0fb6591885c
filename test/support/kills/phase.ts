import { readFileSync, readlinkSync } from 'node:fs';
import { filesOf, type CliHost } from '../cli.ts';
import { descendants, type Child } from './process.ts';

/** What a restore is at, in the order in which it comes to it. */
export const PHASES = [
  'starting, before the lock',
  'reading the rules',
  'comparing and planning',
  'rehearsing',
  'reading again',
  'journal begun, no table written',
  'writing the tables of IPv4',
  'between two tables of a family',
  'between the families',
  'writing the tables of IPv6',
  'verifying',
  'journal ended',
] as const;
export type Phase = (typeof PHASES)[number];

/** What can be seen of a restore from outside, at one moment. */
export interface Sight {
  readonly phase: Phase;
  /** The tool that writes rules, if one runs. */
  readonly writer: Child | undefined;
}

/** Follows one restore from its start: what it is at shows in its children and in the journal, and in what was seen before. */
export class Watcher {
  private readonly host: CliHost;
  private readonly pid: number;
  private readonly netns: string;
  private readonly before: ReadonlySet<string>;
  private rehearsed = false;
  private reading = false;
  private readonly written = new Set<string>();

  constructor(host: CliHost, pid: number) {
    this.host = host;
    this.pid = pid;
    this.netns = readlinkSync(host.ns.path);
    this.before = new Set(filesOf(host, 'journal'));
  }

  look(): Sight {
    const children = descendants(this.pid);
    const runs = (name: RegExp): Child | undefined => children.find(({ program }) => name.test(program));
    const scratch = runs(/^unshare$/);
    const held = runs(/^flock$/);
    // `unshare cat` and `flock FILE cat` become what they run, or have it for a child.
    const foreign = children.find(({ netns }) => netns !== '' && netns !== this.netns);
    if (scratch !== undefined || foreign !== undefined) this.rehearsed = true;
    const writer = children.find(
      ({ program, netns }) => /^ip6?tables.*-restore$/.test(program) && netns === this.netns,
    );
    if (writer !== undefined) this.written.add(writer.program);
    const outcome = this.journal();
    const at = (phase: Phase): Sight => ({ phase, writer });
    if (outcome === 'applied') return at('journal ended');
    if (outcome === 'begun') {
      if (writer !== undefined)
        return at(
          writer.program.startsWith('ip6') ? 'writing the tables of IPv6' : 'writing the tables of IPv4',
        );
      const wrote = [...this.written];
      if (wrote.some((tool) => tool.startsWith('ip6'))) return at('verifying');
      return at(wrote.length > 0 ? 'between the families' : 'journal begun, no table written');
    }
    if (held === undefined && !this.rehearsed && runs(/^cat$/) === undefined)
      return at('starting, before the lock');
    if (foreign !== undefined || scratch !== undefined) return at('rehearsing');
    if (this.rehearsed) return at('reading again');
    const reader = runs(/-save$/);
    if (reader !== undefined) this.reading = true;
    // With the lock in hand and no tool begun it is on its way to read.
    return at(reader === undefined && this.reading ? 'comparing and planning' : 'reading the rules');
  }

  private journal(): string | undefined {
    const file = filesOf(this.host, 'journal').find(
      (name) => name.endsWith('.json') && !this.before.has(name),
    );
    if (file === undefined) return undefined;
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly outcome: string }).outcome;
  }
}
