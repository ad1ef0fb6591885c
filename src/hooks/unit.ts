import { callScript, scriptCommand, scriptPath } from './call.ts';
import type { OwnFile } from './file.ts';
import type { SeenFiles, Target } from './target.ts';

/** Where systemd looks for units, first to last. */
const FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
const DROP_INS = '/etc/systemd/system';
const OURS = 'rulesguard.conf';

/** A target that is a unit of systemd: a drop-in around its start, its stop and its reload. */
export function unitTarget(name: string, units: readonly string[], about: string): Target {
  return {
    name,
    about,
    signs: units.flatMap((unit) => FOLDERS.map((folder) => `${folder}/${unit}`)),
    places: [scriptPath(name), ...units.map(dropInPath)],
    files: (seen, { program }) => {
      const there = units.filter((unit) => textsOf(unit, seen).length > 0);
      // With --force there may be none yet: then the one of the name.
      const wanted = there.length === 0 ? units.slice(0, 1) : there;
      return [callScript(name, program), ...wanted.map((unit) => dropIn(name, unit, textsOf(unit, seen)))];
    },
    units: { reload: true },
  };
}

const dropInPath = (unit: string): string => `${DROP_INS}/${unit}.d/${OURS}`;

/** The unit and the drop-ins that come before ours, in the order systemd reads them. */
function textsOf(unit: string, seen: SeenFiles): readonly string[] {
  const main = FOLDERS.map((folder) => seen.read(`${folder}/${unit}`)).find((file) => file !== undefined);
  if (main === undefined) return [];
  const paths = new Map(
    FOLDERS.toReversed().flatMap((folder) =>
      seen.list(`${folder}/${unit}.d`).map((file) => [file, `${folder}/${unit}.d/${file}`] as const),
    ),
  );
  const names = [...paths.keys()].filter((file) => file.endsWith('.conf') && file < OURS).sort();
  const texts = names.map((file) => seen.read(paths.get(file) ?? '')?.content ?? '');
  return [main.content, ...texts];
}

/** The commands of a setting as they add up over a unit and its drop-ins: an empty value starts over. */
export function commandsOf(setting: string, texts: readonly string[]): readonly string[] {
  let commands: string[] = [];
  for (const text of texts) {
    for (const line of text.replaceAll(/\\\n/g, ' ').split('\n')) {
      const [, name, value = ''] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === setting) commands = value === '' ? [] : [...commands, value];
    }
  }
  return commands;
}

/**
 * Start and stop take hooks of their own. A reload has none, and further lines of ExecReload run after the first: so the
 * list is begun again, ours around the unit's own. The same for ExecStop, whose `nft flush ruleset` takes Docker's rules as
 * any start does. ExecStopPost runs after a failed start too.
 *
 * `-`: a failure of ours is none of the unit's. `+`: without the unit's sandbox, which may hide Node's folder
 * (nftables.service has ProtectHome).
 */
function dropIn(target: string, unit: string, texts: readonly string[]): OwnFile {
  const pre = `-+${scriptCommand(target, 'pre')}`;
  const post = `-+${scriptCommand(target, 'post')}`;
  const reload = commandsOf('ExecReload', texts);
  const stop = commandsOf('ExecStop', texts);
  const list = (setting: string, commands: readonly string[]): readonly string[] => [
    `${setting}=`,
    ...commands.map((command) => `${setting}=${command}`),
  ];
  return {
    kind: 'own',
    path: dropInPath(unit),
    mode: 0o644,
    lines: [
      '[Service]',
      `ExecStartPre=${pre}`,
      `ExecStartPost=${post}`,
      // A unit that cannot be reloaded must not look as if it could.
      ...(reload.length === 0 ? [] : list('ExecReload', [pre, ...reload, post])),
      ...(stop.length === 0 ? [] : list('ExecStop', [pre, ...stop])),
      `ExecStopPost=${post}`,
    ],
  };
}
