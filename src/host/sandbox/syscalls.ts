import { endianness } from 'node:os';

/** A processor's number in linux/audit.h, and its numbers of the system calls we need. */
interface Numbers {
  readonly audit: number;
  readonly prctl: number;
  readonly close: number;
  readonly setrlimit: number;
  readonly prlimit64: number;
  readonly socket: number;
  readonly clone: number;
  /** Refused in a rehearsal. */
  readonly refused: readonly number[];
}

/** The same on every processor since Linux 5.1: clone3, io_uring_setup. */
const CLONE3 = 435;
const IO_URING_SETUP = 425;

/** arm64, riscv64 and loong64 share one table. */
const generic = (audit: number): Numbers => ({
  ...{ audit, prctl: 167, close: 57, setrlimit: 164, prlimit64: 261, socket: 198, clone: 220 },
  // add_key, request_key, keyctl; bpf, perf_event_open, userfaultfd, fanotify_init; unshare, setns; open_by_handle_at
  refused: [217, 218, 219, 280, 241, 282, 262, 97, 268, 265, IO_URING_SETUP, CLONE3],
});

const PROCESSORS: Readonly<Partial<Record<string, Numbers>>> = {
  x64: {
    ...{ audit: 0xc000003e, prctl: 157, close: 3, setrlimit: 160, prlimit64: 302, socket: 41, clone: 56 },
    // The same in the same order.
    refused: [248, 249, 250, 321, 298, 323, 300, 272, 308, 304, IO_URING_SETUP, CLONE3],
  },
  arm64: generic(0xc00000b7),
  riscv64: generic(0xc00000f3),
  loong64: generic(0xc0000102),
};

/** Kinds of sockets that a network namespace isolates: unix, IPv4, IPv6, netlink, packet. Not vsock, among others. */
const FAMILIES = [1, 2, 10, 16, 17];
const NETLINK = 16;
/** Netlink's protocols that it isolates: route, sock_diag, xfrm, netfilter, fib_lookup, generic. Not audit, among others. */
const NETLINKS = [0, 4, 6, 12, 10, 16];
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020000;
const RLIMIT_CORE = 4;
/** x32 programs call x64's kernel with this bit set. */
const X32 = 0x40000000;

const [EPERM, ENOSYS, EPROTONOSUPPORT, EAFNOSUPPORT] = [1, 38, 93, 97];
/** linux/seccomp.h */
const ALLOW = 0x7fff0000;
const refuse = (error: number): number => 0x00050000 | error;
/** Offsets in `struct seccomp_data` of the number, the processor, and an argument's low half. */
const [NR, ARCH] = [0, 4];
const argument = (index: number): number => 16 + 8 * index;

/** linux/filter.h: load a word, jump when equal, at least, any bit set, return. */
const [LOAD, EQUAL, LEAST, BITS, RETURN] = [0x20, 0x15, 0x35, 0x45, 0x06];

type FilterLine = readonly [code: number, yes: number, no: number, value: number];
const returns = (value: number): FilterLine => [RETURN, 0, 0, value];
/** Continues with `then` when the loaded word equals the value, else behind it. */
const when = (code: number, value: number, then: readonly FilterLine[]): readonly FilterLine[] => [
  [code, 0, then.length, value],
  ...then,
];
/** Allows the values of a list, and refuses every other. */
const among = (offset: number, values: readonly number[], error: number): readonly FilterLine[] => [
  [LOAD, 0, 0, offset],
  ...values.flatMap((value) => when(EQUAL, value, [returns(ALLOW)])),
  returns(refuse(error)),
];

/**
 * The system calls a rehearsed command may make, as a seccomp filter. Refused is what no namespace isolates and no missing
 * capability denies: the kernel's keys, sockets like vsock, io_uring (which could open them past the filter), more namespaces.
 * The core limit cannot be changed: for a core dump the kernel starts the host's own handler (core(5)), but not at a limit of 1.
 *
 * @param processor - as `process.arch`
 * @returns the program's lines; undefined for a processor whose numbers are not in the table
 */
function syscallFilter(processor: string): readonly FilterLine[] | undefined {
  const known = PROCESSORS[processor];
  if (known === undefined) return undefined;
  const onCore = (index: number): readonly FilterLine[] => [
    [LOAD, 0, 0, argument(index)],
    // Ignored without an error: a script that lowers its limits must go on.
    ...when(EQUAL, RLIMIT_CORE, [returns(refuse(0))]),
    returns(ALLOW),
  ];
  return [
    [LOAD, 0, 0, ARCH],
    [EQUAL, 1, 0, known.audit],
    returns(refuse(ENOSYS)),
    [LOAD, 0, 0, NR],
    ...when(LEAST, X32, [returns(refuse(ENOSYS))]),
    ...known.refused.flatMap((number) => when(EQUAL, number, [returns(refuse(ENOSYS))])),
    ...when(EQUAL, known.clone, [
      [LOAD, 0, 0, argument(0)],
      ...when(BITS, NEW_NAMESPACES, [returns(refuse(EPERM))]),
      returns(ALLOW),
    ]),
    ...when(EQUAL, known.setrlimit, onCore(0)),
    ...when(EQUAL, known.prlimit64, [
      // With a null pointer the limit is only read.
      [LOAD, 0, 0, argument(2)],
      ...when(EQUAL, 0, [[LOAD, 0, 0, argument(2) + 4], ...when(EQUAL, 0, [returns(ALLOW)])]),
      ...onCore(1),
    ]),
    ...when(EQUAL, known.socket, [
      [LOAD, 0, 0, argument(0)],
      ...when(EQUAL, NETLINK, among(argument(2), NETLINKS, EPROTONOSUPPORT)),
      ...among(argument(0), FAMILIES, EAFNOSUPPORT),
    ]),
    returns(ALLOW),
  ];
}

/** What a loader needs to know. */
export interface Seal {
  /** The filter's `struct sock_filter`s in hexadecimal. */
  readonly filter: string;
  /** Numbers of prctl, setrlimit and close. */
  readonly numbers: readonly [prctl: number, setrlimit: number, close: number];
}

/** @returns undefined for a processor whose numbers are not in the table */
export function sealFor(processor: string): Seal | undefined {
  const lines = syscallFilter(processor);
  const known = PROCESSORS[processor];
  if (lines === undefined || known === undefined || endianness() !== 'LE') return undefined;
  const bytes = Buffer.alloc(8 * lines.length);
  lines.forEach(([code, yes, no, value], i) => {
    bytes.writeUInt16LE(code, 8 * i);
    bytes.writeUInt8(yes, 8 * i + 2);
    bytes.writeUInt8(no, 8 * i + 3);
    bytes.writeUInt32LE(value, 8 * i + 4);
  });
  return { filter: bytes.toString('hex'), numbers: [known.prctl, known.setrlimit, known.close] };
}
