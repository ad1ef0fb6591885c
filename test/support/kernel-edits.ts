import { table } from './kernel-facts.ts';
import type { Claims } from './kernel-facts.ts';
import { RELEASE } from './kernel.ts';

/** Three rules that can be told apart, one of them twice, and a chain A that chain B jumps to. */
export const BEFORE = table(
  ':A - [0:0]',
  ':B - [0:0]',
  '-A INPUT -i x -j DROP',
  '-A INPUT -i y -j ACCEPT',
  '-A INPUT -i x -j DROP',
  '-A A -j ACCEPT',
  '-A B -j A',
);
export const [X, Y] = ['-A INPUT -i x -j DROP', '-A INPUT -i y -j ACCEPT'];
const [CHAINS, CONTENT] = [
  [':A -', ':B -'],
  ['-A A -j ACCEPT', '-A B -j A'],
];
/** The whole of a save in which INPUT holds these rules. */
export const input = (...rules: readonly string[]): string[] => [...CHAINS, ...rules, ...CONTENT];
/** A rule that was not there before. */
export const newRule = (name: string): string => `-A INPUT -i ${name}`;

/** One line each: edits of one table under `--noflush`, and what is there afterwards. */
export const EDITS: readonly (readonly [title: string, lines: readonly string[], claim: Claims])[] = [
  ['nothing', [], input(X, Y, X)],
  ['append', [newRule('n')], input(X, Y, X, newRule('n'))],
  ['insert without a number', ['-I INPUT -i n'], input(newRule('n'), X, Y, X)],
  ['insert at 1', ['-I INPUT 1 -i n'], input(newRule('n'), X, Y, X)],
  ['insert at 2', ['-I INPUT 2 -i n'], input(X, newRule('n'), Y, X)],
  ['insert at length + 1 appends', ['-I INPUT 4 -i n'], input(X, Y, X, newRule('n'))],
  ['insert at length + 2', ['-I INPUT 5 -i n'], 'refused'],
  ['insert at 0', ['-I INPUT 0 -i n'], 'refused'],
  [
    'positions count what came before in the input',
    ['-I INPUT 2 -i n', '-I INPUT 2 -i m'],
    input(X, newRule('m'), newRule('n'), Y, X),
  ],
  ['positions shift with deletions', [`-D INPUT -i x -j DROP`, '-I INPUT 2 -i n'], input(Y, newRule('n'), X)],
  ['delete by value takes the first match', ['-D INPUT -i x -j DROP'], input(Y, X)],
  ['delete by value twice takes both', ['-D INPUT -i x -j DROP', '-D INPUT -i x -j DROP'], input(Y)],
  [
    'delete by value once too often',
    ['-D INPUT -i x -j DROP', '-D INPUT -i x -j DROP', '-D INPUT -i x -j DROP'],
    'refused',
  ],
  ['delete what was just added', [newRule('n'), '-D INPUT -i n'], input(X, Y, X)],
  // Old nft remembers the rule at the position, and this one is gone before the batch is committed.
  [
    'insert before a rule that the same input added and then deletes',
    [newRule('n'), '-I INPUT 4 -i m', '-D INPUT -i n'],
    { nft: RELEASE < 11 ? 'refused' : input(X, Y, X, newRule('m')), legacy: input(X, Y, X, newRule('m')) },
  ],
  [
    'insert before a rule that the input then deletes',
    ['-I INPUT 2 -i m', '-D INPUT -i y -j ACCEPT'],
    input(X, newRule('m'), X),
  ],
  ['delete a rule that differs in its target', ['-D INPUT -i x -j ACCEPT'], 'refused'],
  ['delete by number', ['-D INPUT 2'], input(X, X)],
  ['delete by number, shifting', ['-D INPUT 1', '-D INPUT 1'], input(X)],
  ['delete by a number too high', ['-D INPUT 4'], 'refused'],
  ['a failing line takes the earlier ones with it', [newRule('n'), '-D INPUT -i nosuch'], 'refused'],
  ['replace by number', ['-R INPUT 2 -i n'], input(X, newRule('n'), X)],
  [
    'declare a user chain that exists: emptied, jumps to it stay',
    [':A - [0:0]'],
    [...CHAINS, X, Y, X, '-A B -j A'],
  ],
  ['declare a new chain', [':C - [0:0]'], [...CHAINS, ':C -', X, Y, X, ...CONTENT]],
  [
    'declare a built-in chain with a policy: rules stay',
    [':INPUT DROP [0:0]'],
    [':INPUT DROP', ...input(X, Y, X)],
  ],
  ['declare a built-in chain with -: nothing changes', [':INPUT - [0:0]'], input(X, Y, X)],
  ['-P sets a policy', ['-P INPUT DROP'], [':INPUT DROP', ...input(X, Y, X)]],
  ['-P on a user chain', ['-P A DROP'], 'refused'],
  ['-N makes a chain', ['-N C', '-A C -j A'], [...CHAINS, ':C -', X, Y, X, ...CONTENT, '-A C -j A']],
  ['-N of a chain that exists', ['-N A'], 'refused'],
  ['-N of a chain declared in the same input', [':C - [0:0]', '-N C'], 'refused'],
  ['-F of a chain', ['-F INPUT'], input()],
  ['-F of the whole table', ['-F'], CHAINS],
  ['-F of a missing chain', ['-F NOSUCH'], 'refused'],
  ['-X of a chain with rules and jumps', ['-X A'], 'refused'],
  ['-X of a chain with jumps', ['-F A', '-X A'], 'refused'],
  ['-X of a chain whose last rule went, with jumps', ['-D A -j ACCEPT', '-X A'], 'refused'],
  ['-X of a chain with rules', ['-X B'], 'refused'],
  ['-X of an empty chain nobody jumps to', ['-F B', '-X B'], [':A -', X, Y, X, '-A A -j ACCEPT']],
  ['-X of what was made in the same input', ['-N C', '-A C -j A', '-F C', '-X C'], input(X, Y, X)],
  ['-X of a missing chain', ['-X NOSUCH'], 'refused'],
  ['a rule in a missing chain', ['-A NOSUCH -j DROP'], 'refused'],
  ['a jump to a missing chain', ['-A INPUT -j NOSUCH'], 'refused'],
  ['a goto to a missing chain', ['-A INPUT -g NOSUCH'], 'refused'],
  ['a jump to a chain made later', ['-A INPUT -j C', '-N C'], 'refused'],
  ['a jump to a chain declared later', ['-A INPUT -j C', ':C - [0:0]'], 'refused'],
  [
    'a jump to a chain declared earlier',
    [':C - [0:0]', '-A INPUT -j C'],
    [...CHAINS, ':C -', X, Y, X, '-A INPUT -j C', ...CONTENT],
  ],
  ['a jump to a built-in chain', ['-A INPUT -j FORWARD'], 'refused'],
  ['a loop nothing reaches', ['-A A -j B'], [...CHAINS, X, Y, X, '-A A -j ACCEPT', '-A A -j B', '-A B -j A']],
  // The legacy kernel lets a reachable loop pass on this machine; older ones answered ELOOP.
  [
    'a loop a built-in chain reaches',
    ['-A A -j B', '-A INPUT -j A'],
    {
      nft: 'refused',
      legacy: [...CHAINS, X, Y, X, '-A INPUT -j A', '-A A -j ACCEPT', '-A A -j B', '-A B -j A'],
    },
  ],
];
