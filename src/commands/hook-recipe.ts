import { Fault } from '../fault.ts';
import { RECIPES } from '../hook/recipes.ts';
import type { Context, Exit } from './context.ts';
import type { TargetArgs } from './hook-target.ts';

/** `rulesguard hook recipe ansible|puppet`: what to paste. */
export function recipe({ name }: TargetArgs, { print }: Context): Exit {
  const names = Object.keys(RECIPES);
  const text = name === undefined ? undefined : RECIPES[name];
  if (text === undefined)
    throw new Fault('RG_USAGE', 2, name === undefined ? 'which recipe?' : `there is no recipe ${name}`, {
      hint: `There are: ${names.join(', ')}`,
    });
  print(text);
  return 0;
}
