/** Whether a rule applies: yes, no, or in a few words why that is not known here. */
export type MatchResult = boolean | string;

/** The opposite of what is known. */
const not = (answer: MatchResult): MatchResult => (typeof answer === 'string' ? answer : !answer);

/** `answer`, or its opposite where the condition is negated with `!`. */
export const withSign = (answer: MatchResult, negated: boolean): MatchResult =>
  negated ? not(answer) : answer;

/** Yes when all are: one certain no is enough for no, whatever is unknown beside it. */
export function all(answers: readonly MatchResult[]): MatchResult {
  if (answers.includes(false)) return false;
  return answers.find((answer) => typeof answer === 'string') ?? true;
}

/** Yes when one is. */
export function any(answers: readonly MatchResult[]): MatchResult {
  if (answers.includes(true)) return true;
  return answers.find((answer) => typeof answer === 'string') ?? false;
}
