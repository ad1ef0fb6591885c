import { describe, expect, test } from 'vitest';
import { automaticOff } from '../../../src/app/automatic.ts';
import { hookPost } from '../../../src/app/hooks/hook-post.ts';
import { hookPre } from '../../../src/app/hooks/hook-pre.ts';
import type { HookEvent, HookPort } from '../../../src/app/hooks/hook.ts';
import { isBeforeDocker, isFresh } from '../../../src/app/hooks/policy.ts';
import { runHook } from '../../../src/app/hooks/run-hook.ts';
import { attitudeOf } from '../../../src/app/rollback/settle-overdue.ts';
import { Fault } from '../../../src/fault.ts';
import { onTerrain } from '../../support/app/terrain-reader.ts';
import { recordedTerrain } from '../../support/reach/terrain.ts';
import { changeHost, SETTINGS, storedOf } from '../../support/app/hosts.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

describe('whether the newest baseline is this change’s own record', () => {
  const fired = (minutes: number) => ({
    pre: { at: at(minutes), outcome: 'recorded' as const, says: '', baseline: '000002' },
  });
  test('it is, for ten minutes', () => {
    expect(isFresh(fired(-9), { id: '000002' }, NOW)).toBe(true);
    expect(isFresh(fired(-11), { id: '000002' }, NOW)).toBe(false);
  });
  test('another one, none, or no hook before is not', () => {
    expect(isFresh(fired(-1), { id: '000003' }, NOW)).toBe(false);
    expect(isFresh(fired(-1), undefined, NOW)).toBe(false);
    expect(isFresh(undefined, { id: '000002' }, NOW)).toBe(false);
  });
});

describe('whether dockerd has yet to start', () => {
  const silent = (code: 'RG_ENGINE_ABSENT' | 'RG_ENGINE_HUNG') => ({
    answered: false as const,
    fault: new Fault(code, 3, 'x'),
  });
  const stored = (minutes: number) => ({ baseline: { created: at(minutes) } });
  test('no Engine, and nothing recorded since the boot', () => {
    expect(isBeforeDocker(silent('RG_ENGINE_ABSENT'), stored(-60), NOW)).toBe(true);
    expect(isBeforeDocker(silent('RG_ENGINE_ABSENT'), stored(60), NOW)).toBe(false);
  });
  test('an Engine that hangs has started, and without a baseline nobody knows', () => {
    expect(isBeforeDocker(silent('RG_ENGINE_HUNG'), stored(-60), NOW)).toBe(false);
    expect(isBeforeDocker(silent('RG_ENGINE_ABSENT'), undefined, NOW)).toBe(false);
  });
});

describe('the switch that stops automatic writes', () => {
  test.each(['off', 'OFF', 'off ', 'false', 'no', '0', 'disabled'])('RULESGUARD_AUTOMATIC=%s', (value) => {
    expect(automaticOff({ automatic: true }, { RULESGUARD_AUTOMATIC: value })).toContain(value);
  });
  test('the configuration', () => {
    expect(automaticOff({ automatic: false }, {})).toContain('configuration');
    expect(automaticOff({ automatic: true }, {})).toBeUndefined();
  });
  test.each(['', 'on', 'ON', 'true', 'yes', '1'])(
    'RULESGUARD_AUTOMATIC=%s leaves it to the configuration',
    (value) => {
      expect(automaticOff({ automatic: true }, { RULESGUARD_AUTOMATIC: value })).toBeUndefined();
      expect(automaticOff({ automatic: false }, { RULESGUARD_AUTOMATIC: value })).toContain('configuration');
    },
  );
  test('an overdue change is then rolled back only by a command that somebody typed', () => {
    const off = { hooksOff: false, automaticOff: true };
    expect(attitudeOf({ verb: 'hook', action: 'pre' }, off)).toBe('report');
    expect(attitudeOf({ verb: 'snapshot', scheduled: true }, off)).toBe('report');
    expect(attitudeOf({ verb: 'snapshot' }, off)).toBe('finish');
    expect(attitudeOf({ verb: 'restore' }, off)).toBe('finish');
    expect(attitudeOf({ verb: 'hook', action: 'pre' }, { ...off, automaticOff: false })).toBe('finish');
  });
});

/** A port that counts what is written. */
function port(damage: boolean) {
  const events: HookEvent[] = [];
  const wrote: string[] = [];
  const stored = storedOf('engine-28.5');
  const host = onTerrain(changeHost('engine-28.5'), recordedTerrain('engine-28.5'));
  if (damage) host.edit((save) => save.replace(/^.*-A POSTROUTING .*\n/gm, ''));
  const full: HookPort = {
    host,
    booted: () => 0,
    openReference: () => Promise.resolve({ source: 'both', stored }),
    readFired: () => Promise.resolve(undefined),
    noteFired: () => Promise.resolve(),
    record: () => {
      wrote.push('record');
      return Promise.resolve({ verdict: 'recorded', id: '000001' });
    },
    restore: () => {
      wrote.push('restore');
      return Promise.resolve({ isWhole: true, repaired: 2 });
    },
    emit: (event) => events.push(event),
  };
  return { full, events, wrote };
}

const request = { target: 'ufw', settings: SETTINGS, off: undefined };

describe('a hook', () => {
  test('records before and repairs after', async () => {
    const { full, wrote } = port(true);
    expect((await hookPre(request, full)).fired).toMatchObject({ pre: { outcome: 'recorded' } });
    expect((await hookPost(request, full)).fired).toMatchObject({
      post: { outcome: 'repaired', says: "Docker's rules intact, 2 findings repaired" },
    });
    expect(wrote).toEqual(['record', 'restore']);
  });

  test('writes nothing where nothing is damaged', async () => {
    const { full, wrote, events } = port(false);
    expect(await hookPost(request, full)).toMatchObject({ exit: 0, fired: { post: { outcome: 'intact' } } });
    expect({ wrote, events }).toEqual({ wrote: [], events: [{ kind: 'intact' }] });
  });

  test('writes nothing where automatic writes are switched off, and says so', async () => {
    const { full, wrote, events } = port(true);
    const off = { ...request, off: 'RULESGUARD_AUTOMATIC=off' };
    expect((await hookPre(off, full)).fired).toMatchObject({ pre: { outcome: 'off' } });
    expect(await hookPost(off, full)).toMatchObject({ exit: 1, fired: { post: { outcome: 'reported' } } });
    expect(wrote).toEqual([]);
    expect(events.map(({ kind }) => kind)).toEqual(['switched-off', 'switched-off', 'damaged']);
  });

  test('that cannot do its job lets the change go on, unless it is strict', async () => {
    const { full, events } = port(false);
    const broken = () => Promise.reject(new Error('broken'));
    expect(await runHook('post', 'ufw', false, broken, full)).toBe(0);
    expect(events).toMatchObject([{ kind: 'failed' }]);
    await expect(runHook('post', 'ufw', true, broken, full)).rejects.toThrow('broken');
  });
});
