/** Whether a rule applies: yes, no, or in a few words why that is not known here. */
export type Answer = boolean | string;

/** The opposite of what is known. */
const not = (answer: Answer): Answer => (typeof answer === 'string' ? answer : !answer);

/** `answer`, or its opposite where a `!` stands before the condition. */
export const withSign = (answer: Answer, negated: boolean): Answer => (negated ? not(answer) : answer);

/** Yes when all are: one certain no is enough for no, whatever is unknown beside it. */
export function all(answers: readonly Answer[]): Answer {
  if (answers.includes(false)) return false;
  return answers.find((answer) => typeof answer === 'string') ?? true;
}

/** Yes when one is. */
export function any(answers: readonly Answer[]): Answer {
  if (answers.includes(true)) return true;
  return answers.find((answer) => typeof answer === 'string') ?? false;
}
