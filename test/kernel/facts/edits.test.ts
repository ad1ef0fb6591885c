import { expect, it } from 'vitest';
import { BEFORE, EDITS, input, newRule, X, Y } from '../../support/kernel-edits.ts';
import { attempt, claimFor, table } from '../../support/kernel-facts.ts';
import type { Claims } from '../../support/kernel-facts.ts';
import { oneIn } from '../../support/incident/share.ts';
import { describeKinds } from '../../support/kernel.ts';

describeKinds('edits of one table under --noflush', (kind) => {
  it.each(oneIn(3, EDITS))('%s', async (_title, lines, claim) => {
    expect(await attempt(kind, { before: BEFORE, input: table(...lines) })).toEqual(claimFor(claim, kind));
  });
});

/** The same without `--noflush`: the named table is flushed first. */
const FLUSHING: readonly (readonly [title: string, lines: readonly string[], claim: Claims])[] = [
  ['user chains and rules are gone, whoever owned them', [newRule('n')], [newRule('n')]],
  ['-F after -A', [newRule('n'), '-F'], { nft: [newRule('n')], legacy: [] }],
  ['-F CHAIN after -A', [newRule('n'), '-F INPUT'], []],
  ['-N of a chain that was there', ['-N A'], [':A -']],
];

describeKinds('a restore that flushes', (kind) => {
  it.each(oneIn(2, FLUSHING))('%s', async (_title, lines, claim) => {
    expect(await attempt(kind, { before: BEFORE, input: table(...lines), args: [] })).toEqual(
      claimFor(claim, kind),
    );
  });

  it('a chain the input does not name loses its rules; its policy only under nft', async () => {
    const before = table(':FORWARD DROP [0:0]', '-A FORWARD -j ACCEPT');
    const after = await attempt(kind, {
      before,
      input: table(':INPUT ACCEPT [0:0]', newRule('n')),
      args: [],
    });
    expect(after).toEqual(kind.variant === 'nft' ? [newRule('n')] : [':FORWARD DROP', newRule('n')]);
  });

  it('a table the input does not name is left alone', async () => {
    const after = await attempt(kind, { before: BEFORE, input: '*nat\nCOMMIT\n', args: [] });
    expect(after).toEqual(input(X, Y, X));
  });
});
