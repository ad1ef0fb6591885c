/**
 * The lab from a terminal, as root: `npm run lab -- roots`, `npm run lab -- record [ERA [SCENARIO]]`,
 * `npm run lab -- baselines [ERA]`, `npm run lab -- examples [ERA]`, `npm run lab -- up ERA`, `npm run lab -- pictures ERA`. See test/fixtures/README.md and baselines/README.md.
 */
import { once } from 'node:events';
import { startEngine } from './engine.ts';
import { ALL_ERAS, type Era } from './eras.ts';
import { recordExamples } from './examples.ts';
import { takePictures } from './pictures.ts';
import { record, recordBaseline } from './record.ts';
import { ensureRoot, rootDirectory } from './roots.ts';
import { scenariosOf } from './scenarios/scenarios.ts';

const [verb, chosen, scenario] = process.argv.slice(2);
/** Without a choice those that can be had here: a root that nobody named cannot be built. */
const eras = ALL_ERAS.filter((era) => (chosen === undefined ? rootDirectory(era) !== '' : era === chosen));

async function recordEra(era: Era): Promise<void> {
  const names = scenario === undefined ? [...scenariosOf(era).keys()] : [scenario === 'rich' ? '' : scenario];
  for (const name of names) console.log(await record(era, name));
}

/** The main scenario of every era, and the small one of the newest, which the demo plays. */
async function recordBaselines(era: Era): Promise<void> {
  for (const name of era === '28.5' ? ['', 'plain'] : ['']) console.log(await recordBaseline(era, name));
}

/** Keeps an Engine running until Ctrl-C. */
async function up(era: Era): Promise<void> {
  const engine = await startEngine({ era });
  console.log(
    `DOCKER_HOST=${engine.dockerHost}\nPATH=${engine.suitePath}:$PATH\nnsenter --net=${engine.netns}`,
  );
  const ended = [once(process, 'SIGINT'), once(process, 'SIGTERM')];
  await Promise.race(ended);
  await engine.stop();
}

const verbs: Readonly<Record<string, (era: Era) => Promise<unknown>>> = {
  roots: ensureRoot,
  record: recordEra,
  baselines: recordBaselines,
  examples: async (era) => {
    console.log(await recordExamples(era));
  },
  up,
  pictures: takePictures,
};
const run = verbs[verb ?? ''];
if (
  run === undefined ||
  eras.length === 0 ||
  ((verb === 'up' || verb === 'pictures') && chosen === undefined)
) {
  console.error(
    `usage: npm run lab -- roots|record|baselines|examples|pictures|up [${ALL_ERAS.join('|')}] [scenario]`,
  );
  process.exitCode = 2;
} else {
  for (const era of eras) await run(era);
}
