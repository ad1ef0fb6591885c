import { printable } from '../../printable.ts';
import type { WatchEvent, WatchEventKind } from '../event.ts';
import { SEVERITIES } from './meter.ts';

/** The journal's MESSAGE_ID of each kind: fixed for ever, for `journalctl MESSAGE_ID=…` and whatever filters by it. */
export const MESSAGE_IDS: Readonly<Record<WatchEventKind, string>> = {
  started: '8ff61af67ee844de9692f11f47de4684',
  stopped: 'af7d4c0a8a7d4d5aa49d01ce35ff5985',
  damage: 'c11bce0a2813415c93e878cbbb718709',
  repaired: '844995d1f05e427c94381f262ba2e84c',
  'not-repaired': '6077703a877a4dd6b335f82a2df8f758',
  ended: '032042007d794c3daa79b3330c2716da',
  fight: '77fcba02490b4de283e8023c915bc2c8',
  host: '84707ab65fb548648ee252bace126eb8',
  engine: '73a32db6426b4732af7828ece33384a2',
  source: '1975dd503d0c465682cb29ab6a7f4a71',
  paused: 'fa38f72641994f3db8074049a5a280f2',
  resumed: 'f593488882f44500b64f0795f45c2493',
  failed: 'ec8f0d761c524288a594b9b2b41828ef',
};

/** syslog's priorities: an error, a warning, a notice. */
const PRIORITIES: Readonly<Partial<Record<WatchEventKind, number>>> = {
  damage: 3,
  'not-repaired': 3,
  fight: 3,
  failed: 3,
  started: 5,
  stopped: 5,
};
const WARNING = 4;

/** The journal keeps long fields compressed; nobody reads them. Characters. */
const LONGEST = 2_000;

/**
 * An event as an entry of the journal: a field a line, `NAME=value`, as `logger --journald` reads them.
 *
 * @param message - the event in one line
 * @param pid - of watch, so that the entry counts as its unit's, whoever hands it on
 */
export function journalFields(event: WatchEvent, message: string, pid: number): string {
  const { kind, effects = [], by: [author] = [], lasted, repair } = event;
  const severity = SEVERITIES.find((one) => effects.some(({ effect }) => effect === one));
  const fields: Readonly<Record<string, string | number | undefined>> = {
    MESSAGE_ID: MESSAGE_IDS[kind],
    MESSAGE: message,
    PRIORITY: PRIORITIES[kind] ?? WARNING,
    SYSLOG_IDENTIFIER: 'rulesguard',
    OBJECT_PID: pid,
    RULESGUARD_KIND: kind,
    RULESGUARD_EFFECT: severity,
    RULESGUARD_CAUSE: effects.find(({ effect }) => effect === severity)?.cause,
    RULESGUARD_WAYS: effects.length === 0 ? undefined : effects.reduce((sum, { cells }) => sum + cells, 0),
    RULESGUARD_PROGRAM: author?.name,
    RULESGUARD_PROGRAM_PID: author?.pid,
    RULESGUARD_COMMAND:
      author === undefined || author.command.length === 0 ? undefined : author.command.join(' '),
    RULESGUARD_LOGIN: author?.login,
    RULESGUARD_PROGRAM_UNIT: author?.unit,
    RULESGUARD_CONTAINER: author?.container,
    RULESGUARD_LASTED_MS: lasted === undefined ? undefined : Math.round(lasted),
    RULESGUARD_DETECT_MS: repair && Math.round(repair.toDetect),
    RULESGUARD_REPAIR_MS: repair && Math.round(repair.toRepair),
    RULESGUARD_JOURNAL:
      repair === undefined || repair.journal.length === 0 ? undefined : repair.journal.join(' '),
  };
  return Object.entries(fields)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${printable(String(value).slice(0, LONGEST))}\n`],
    )
    .join('');
}
