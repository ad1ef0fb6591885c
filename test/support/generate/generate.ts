import * as fc from 'fast-check';
import { RuleBook } from './book.ts';
import { Writer } from './docker.ts';
import { PROGRAMS, writeForeign } from './foreign.ts';
import type { Foreign } from './foreign.ts';
import { ERAS } from './host.ts';
import type { Daemon, Network, Port } from './host.ts';
import { writeSwarm } from './swarm.ts';
import type { Family } from '../netns.ts';

/** A Docker host: who wrote what, in which order. */
export interface Host {
  readonly family: Family;
  readonly daemon: Daemon;
  readonly foreign: readonly Foreign[];
}

/** The rules of a host, as its programs would have written them. */
export function bookOf({ family, daemon, foreign }: Host): RuleBook {
  const book = new RuleBook(family);
  const write = (when: Foreign['when']): void => {
    for (const one of foreign) if (one.when === when) writeForeign(book, one);
  };
  write('before');
  const writer = new Writer(book, daemon);
  writer.start();
  daemon.networks.forEach((network, index) => {
    writer.network(network);
    if (index === 0) write('between');
  });
  if (family === 'ipv4') writeSwarm(book, daemon, writer);
  write('after');
  return book;
}

const port: fc.Arbitrary<Port> = fc.record({
  protocol: fc.constantFrom('tcp', 'tcp', 'udp', 'sctp'),
  host: fc.integer({ min: 1024, max: 65535 }),
  container: fc.constantFrom(53, 80, 443, 5432, 8080),
  loopback: fc.boolean(),
});

const endpoint = fc.uniqueArray(port, { maxLength: 3, selector: ({ host }) => host });

const HEX = Array.from('0123456789abcdef');

/** Most bridges are named after the network's id, a few as an operator chose. */
const bridge = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .string({ unit: fc.constantFrom(...HEX), minLength: 12, maxLength: 12 })
      .map((id) => `br-${id}`),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 99 }).map((n) => `front${String(n)}`) },
);

function network(subnet: number): fc.Arbitrary<Network> {
  return fc.record({
    bridge: subnet === 0 ? fc.constant('docker0') : bridge,
    subnet: fc.constant(subnet),
    icc: fc.boolean(),
    internal: subnet === 0 ? fc.constant(false) : fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    ipv6: fc.boolean(),
    endpoints: fc.array(endpoint, { maxLength: 4 }),
  });
}

const networks = fc
  .integer({ min: 1, max: 4 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => network(index))));

/** Bytes that quoting, restore and line readers treat in their own way, among plain ones. */
const ODD_BYTES = Array.from(`abcXYZ019 _-."'\\!#[]:*$\t`);

const oneByte = fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code));
const byte = fc.oneof(
  fc.constantFrom(...ODD_BYTES),
  oneByte.filter((char) => char !== '\n'),
);

/** A comment as the kernel may hold it: any bytes but NUL and newline, up to its 255. */
const comment = fc.oneof(
  { weight: 9, arbitrary: fc.string({ unit: byte, maxLength: 24 }) },
  { weight: 1, arbitrary: fc.string({ unit: byte, minLength: 255, maxLength: 255 }) },
);

const foreign: fc.Arbitrary<Foreign> = fc.record({
  program: fc.constantFrom(...PROGRAMS),
  when: fc.constantFrom('before', 'between', 'after'),
  comments: fc.array(comment, { maxLength: 3 }),
});

/** Docker hosts of every era that writes rules of `family`, with foreign rules before, between and after Docker's. */
export function hosts(family: Family): fc.Arbitrary<Host> {
  const eras = ERAS.filter((era) => family === 'ipv4' || era >= 'C');
  const daemon: fc.Arbitrary<Daemon> = fc.record(
    {
      era: fc.constantFrom(...eras),
      userlandProxy: fc.boolean(),
      dropsForward: fc.boolean(),
      networks,
      ingress: fc.array(port, { maxLength: 2 }),
      overlays: fc.uniqueArray(fc.integer({ min: 4096, max: 4200 }), { maxLength: 2 }),
    },
    { requiredKeys: ['era', 'userlandProxy', 'dropsForward', 'networks', 'overlays'] },
  );
  return fc.record({
    family: fc.constant(family),
    daemon,
    foreign: fc.uniqueArray(foreign, { maxLength: 4, selector: ({ program }) => program }),
  });
}
