import { expect, test } from 'vitest';
import { stripSave, type StripEvent, type StripPort } from '../../../src/app/strip/strip-save.ts';
import { Fault } from '../../../src/fault.ts';
import type { ToolReading } from '../../../src/host/xtables/tool-reading.ts';
import { edited } from '../../support/edited.ts';
import { recording } from '../../support/recorded/recordings.ts';

const SAVE = recording('engine-28.5-plain').text.ipv4;
const HANDWRITTEN = edited(SAVE, /^(\*filter\n(?::.*\n)+)/m, '$1-I INPUT -s 192.0.2.4/32 -j DROP\n');

/** Strips what comes in, with a tool that reads it so. */
async function strip(input: string, output?: string, tool: () => Promise<ToolReading> = unasked) {
  const events: StripEvent[] = [];
  const written: [string, string][] = [];
  const port: StripPort = {
    readInput: () => Promise.resolve(input),
    readByTool: tool,
    write: (path, text) => {
      written.push([path, text]);
      return Promise.resolve();
    },
  };
  const outcome = await stripSave(port, output, (event) => events.push(event)).catch(
    (error: unknown) => error as Fault,
  );
  return { outcome, kinds: events.map(({ kind }) => kind), written };
}
const unasked = (): Promise<ToolReading> => Promise.reject(new Error('the tool was asked needlessly'));

test('gives the save without Docker’s rules, and writes no file unasked', async () => {
  const { outcome, kinds, written } = await strip(SAVE);
  expect(outcome).not.toContain('DOCKER');
  expect(outcome).toContain('COMMIT');
  expect({ kinds, written }).toEqual({ kinds: [], written: [] });
});

test('writes the file that was named', async () => {
  const { outcome, written } = await strip(SAVE, '/etc/iptables/rules.v4');
  expect(written).toEqual([['/etc/iptables/rules.v4', outcome]]);
});

test('what only iptables-restore can read is printed as the tool does, and that is said', async () => {
  const tool = () => Promise.resolve({ loaded: true, family: 'ipv4', saved: SAVE } as const);
  const { outcome, kinds } = await strip(HANDWRITTEN, undefined, tool);
  expect(outcome).toEqual((await strip(SAVE)).outcome);
  expect(kinds).toEqual(['reprinted']);
});

test.each<readonly [string, string, () => Promise<ToolReading>, string, RegExp]>([
  ['nothing', '', unasked, 'RG_REFUSED_INPUT', /nothing came in/],
  [
    'what the tool does not load either',
    HANDWRITTEN,
    () => Promise.resolve({ loaded: false, reason: 'line 7 failed' }),
    'RG_PARSE',
    /Nor does iptables-restore load it: line 7 failed/,
  ],
  [
    'what the tool cannot be asked about',
    HANDWRITTEN,
    () => Promise.reject(new Fault('RG_REHEARSAL', 3, 'no namespace can be had')),
    'RG_PARSE',
    /Nor does .*: no namespace can be had/,
  ],
])('%s is refused, and no file is touched', async (_, input, tool, code, why) => {
  const { outcome, written } = await strip(input, '/etc/iptables/rules.v4', tool);
  expect(outcome).toMatchObject({ code, exit: 3 });
  expect([(outcome as Fault).message, ...(outcome as Fault).details].join('\n')).toMatch(why);
  expect(written).toEqual([]);
});
