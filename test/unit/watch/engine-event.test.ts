import { expect, test } from 'vitest';
import { EVENTS_PATH, engineEventFrom } from '../../../src/watch/engine-event.ts';

const event = (given: object): string =>
  JSON.stringify({
    Type: 'container',
    Action: 'start',
    Actor: { ID: 'a'.repeat(64), Attributes: { name: '\u001b[2J' } },
    ...given,
  });

test('an event is its type, its action and an id, and nothing that a container could name', () => {
  expect(engineEventFrom(event({}))).toEqual({
    kind: 'engine',
    type: 'container',
    action: 'start',
    id: 'a'.repeat(64),
  });
});

test.each([
  'no JSON',
  '"text"',
  'null',
  event({ Type: 'volume' }),
  event({ Action: 'exec_start: sh' }),
  event({ Action: 5 }),
  event({ Actor: { ID: '\u001b[2J' } }),
  event({ Actor: { ID: '' } }),
  event({ Actor: null }),
])('%s is none', (line) => {
  expect(engineEventFrom(line)).toBeUndefined();
});

test('the Engine is asked for those alone: health checks come by the thousand', () => {
  expect(decodeURIComponent(EVENTS_PATH)).toContain('"type":["container","network","daemon"]');
  expect(EVENTS_PATH).not.toContain('exec');
});
