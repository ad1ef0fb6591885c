import { fleetOf } from '../../app/peers/read-fleet.ts';
import { readFactsFile } from '../../host/peers/facts-file.ts';
import { makeMask } from '../../report/mask/mask.ts';
import { namesToMask } from '../../report/peers/names.ts';
import { matrixJson, matrixText } from '../../report/peers/matrix.ts';
import type { Context, Exit } from '../context.ts';

const EXITS = { ok: 0, fail: 1, unknown: 3 } as const;

/** `rulesguard doctor --matrix FILE…`: who reaches which published port of a fleet. Exit 0 all, 1 a way is cut, 3 cannot tell. */
export async function runMatrix(
  files: readonly string[],
  { json = false, mask = false }: { readonly json: boolean | undefined; readonly mask: boolean | undefined },
  { print, paint }: Context,
): Promise<Exit> {
  const documents = await Promise.all(files.map(async (file) => [file, await readFactsFile(file)] as const));
  const matrix = fleetOf(documents, Date.now());
  const shown = mask ? makeMask([matrix], namesToMask(matrix.hosts)).value(matrix) : matrix;
  print(json ? `${JSON.stringify(matrixJson(shown), undefined, 2)}\n` : matrixText(shown, paint));
  return EXITS[matrix.verdict];
}
