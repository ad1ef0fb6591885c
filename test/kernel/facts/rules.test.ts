import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RuleBook } from '../../support/generate/book.ts';
import { PROGRAMS } from '../../support/generate/foreign.ts';
import { ERAS } from '../../support/generate/host.ts';
import type { Era } from '../../support/generate/host.ts';
import { bookOf, hosts } from '../../support/generate/generate.ts';
import { describeKinds } from '../../support/kernel.ts';
import { withNetns } from '../../support/netns.ts';
import type { Family, Netns } from '../../support/netns.ts';

const WHEN = ['before', 'between', 'after'] as const;

/** One host of an era with every kind of rule: all foreign programs, several networks, ports of each protocol. */
function busyHost(family: Family, era: Era): RuleBook {
  const [host] = fc.sample(
    hosts(family).filter(({ daemon }) => daemon.networks.length >= 3 && daemon.overlays.length > 0),
    { numRuns: 1, seed: 2026 },
  );
  if (host === undefined) throw new Error('no host');
  const ports = (['tcp', 'udp', 'sctp'] as const).map((protocol, index) => ({
    protocol,
    host: 8080 + index,
    container: 80,
    loopback: protocol === 'tcp',
  }));
  const networks = host.daemon.networks.map((network) => ({
    ...network,
    ipv6: true,
    endpoints: [ports, []],
  }));
  return bookOf({
    family,
    daemon: { ...host.daemon, era, networks, ingress: ports },
    foreign: PROGRAMS.map((program, index) => ({
      program,
      when: WHEN[index % 3] ?? 'after',
      comments: [`it's "odd" \\ \xff`, ''],
    })),
  });
}

/** The tables of a save by name, without `#` lines: their order differs between the variants. */
function tables(save: string): Record<string, string> {
  const parts = save.replaceAll(/^#.*\n/gm, '').split(/^\*/m);
  return Object.fromEntries(
    parts.filter((part) => part !== '').map((part) => [part.slice(0, part.indexOf('\n')), part] as const),
  );
}

describeKinds('rules of Docker and of others', ({ family, variant }) => {
  const load = async (ns: Netns, text: string, ...args: string[]): Promise<void> => {
    expect(await ns.restore(family, variant, text, args)).toMatchObject({ code: 0, stderr: '' });
  };

  it.each(ERAS.filter((era) => family === 'ipv4' || era >= 'C'))(
    'of era %s are saved as they were loaded',
    async (era) => {
      await withNetns(async (ns) => {
        const text = busyHost(family, era).text();
        await load(ns, text);
        expect(tables(await ns.save(family, variant))).toEqual(tables(text));
      });
    },
  );

  it.each(ERAS.filter((era) => family === 'ipv4' || era >= 'C'))(
    'of era %s can each be deleted by their own text',
    async (era) => {
      await withNetns(async (ns) => {
        const book = busyHost(family, era);
        await load(ns, book.text());
        const deletions = book.tables().map((name) => {
          const rules = book.all().filter(({ table }) => table === name);
          return [`*${name}`, ...rules.map(({ chain, spec }) => `-D ${chain} ${spec}`), 'COMMIT\n'].join(
            '\n',
          );
        });
        await load(ns, deletions.join(''), '-n');
        expect(await ns.save(family, variant)).not.toMatch(/^-A/m);
      });
    },
  );
});
