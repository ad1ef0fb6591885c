import { repairCommand } from '../../../../src/report/check-text.ts';
import type { Judged } from '../judge.ts';
import type { CheckAnswer, DoctorAnswer } from './answers.ts';
import { NOTHING, promisedByCheck, promisedByDoctor, promisedByRestore, type Promised } from './promises.ts';

/** A remedy that is offered, as it is to be typed. */
export interface Offer {
  /** `check`, `doctor`, or `doctor TARGET`. */
  readonly by: string;
  /** The effect or the code of the cause that it is for. */
  readonly of: string;
  readonly commands: readonly string[];
  readonly promised: readonly Promised[];
}

/** Words are no command. */
const COMMAND = /^(?:rulesguard|ip6?tables|nft|ip|sysctl) /;

/** What `check` offers: commands of its effects, and the restore that it names where rules are lost. */
export function offersOfCheck(
  { effects, findings }: CheckAnswer,
  judged: readonly Judged[],
): readonly Offer[] {
  const removals = effects.flatMap((effect): readonly Offer[] =>
    effect.remedy === undefined || !COMMAND.test(effect.remedy)
      ? []
      : [
          {
            ...{ by: 'check', of: `${effect.effect} ${effect.cause}`, commands: [effect.remedy] },
            promised: [promisedByCheck(effect, judged)],
          },
        ],
  );
  const restore = effects.some(({ cause }) => cause === 'lost') ? repairCommand(findings) : undefined;
  if (restore === undefined) return removals;
  return [
    { by: 'check', of: 'lost', commands: [restore], promised: [promisedByRestore(judged)] },
    ...removals,
  ];
}

/** A question is no remedy yet. */
export const isQuestion = (command: string): boolean => /^rulesguard (?:doctor|check|reach)\b/.test(command);

/** A question about a target, without packets to be sent. */
const QUESTION = /^rulesguard doctor ([^\s'"-]\S*)$/;

/** The targets that doctor offers to ask about next. */
export const targetsNext = ({ checks }: DoctorAnswer): readonly string[] => [
  ...new Set(
    checks
      .flatMap(({ remedies }) => remedies.flatMap(({ commands }) => commands))
      .flatMap((command) => QUESTION.exec(command)?.[1] ?? []),
  ),
];

/**
 * What doctor offers with its causes and warnings.
 *
 * @param target - what it was asked about; '' for the whole host
 */
export function offersOfDoctor(
  answer: DoctorAnswer,
  judged: readonly Judged[],
  target = '',
): readonly Offer[] {
  const warnings = answer.checks.filter(({ verdict }) => verdict === 'warn');
  return [...answer.causes, ...(target === '' ? warnings : [])].flatMap((cause) =>
    cause.remedies.flatMap(({ what, commands }): readonly Offer[] =>
      commands.length === 0 || commands.some(isQuestion)
        ? []
        : [
            {
              ...{ by: `doctor ${target}`.trim(), of: cause.code, commands },
              promised: [
                cause.verdict === 'warn' ? NOTHING : asSaid(what, promisedByDoctor(cause, answer, judged)),
              ],
            },
          ],
    ),
  );
}

/** A remedy that says of how many paths it is one is held to no path of its cause: it may be any of them. */
const asSaid = (what: string, promised: Promised): Promised =>
  /^repairs \d+ of \d+ paths: /.test(what) ? { ...promised, least: 0 } : promised;

/** What doctor tells with words alone: causes without a command. */
export const wordsOnly = ({ causes }: DoctorAnswer): number =>
  causes.filter(({ remedies }) => remedies.every(({ commands }) => commands.length === 0)).length;

/** Remedies of the same commands are one, with all that any of them promised. */
export function distinctOffers(offers: readonly Offer[]): readonly Offer[] {
  const found = new Map<string, Offer>();
  for (const offer of offers) {
    const key = offer.commands.join('\n');
    const known = found.get(key);
    found.set(
      key,
      known === undefined
        ? offer
        : {
            by: known.by.includes(offer.by) ? known.by : `${known.by}, ${offer.by}`,
            of: known.of.includes(offer.of) ? known.of : `${known.of}, ${offer.of}`,
            commands: offer.commands,
            promised: [...known.promised, ...offer.promised],
          },
    );
  }
  return [...found.values()];
}
