import { describe, expect, it } from 'vitest';
import { breakLine } from '../../../src/demo/break-line.ts';

describe('breakLine', () => {
  it.each([
    ['a short line', '  as it is', ['  as it is']],
    ['a long one', '  one two three four', ['  one two', '    three', '    four']],
    ['a long word', 'one fourteen-letters', ['one', '  fourteen-letters']],
    ['no text', '', ['']],
    ['text of exactly the width', 'one two ab', ['one two ab']],
    ['colours, which take no room', '\x1b[31mone\x1b[39m two ab', ['\x1b[31mone\x1b[39m two ab']],
  ])('breaks %s', (_, line, expected) => {
    expect(breakLine(line, 10)).toEqual(expected);
  });
});
