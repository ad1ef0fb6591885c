import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withBrowser, type View } from '../browser.ts';
import { container, network } from './build.ts';
import { startEngine, type Engine } from './engine.ts';
import type { Era } from './eras.ts';
import { LAB_ENV } from './run.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const DESK = { width: 1280, height: 1000 } as const;
const PHONE = { width: 375, height: 812, scale: 2 } as const;
/** The name that the page shows of the host: this machine's own says nothing to a reader. */
const NAME = 'edge-03';

/** A shop and a blog of compose, and two containers on the default network. */
async function populate(engine: Engine): Promise<void> {
  await container(engine, 'web', ['-p', '8080:80', '-p', '5353:5353/udp']);
  await container(engine, 'metrics', []);
  for (const project of ['shop', 'blog']) {
    await network(engine, `${project}_default`);
    for (const [at, service] of ['front', 'api', 'db'].entries()) {
      const labels = { project, service };
      await container(engine, `${project}-${service}-1`, [
        ...Object.entries(labels).flatMap(([key, value]) => [
          '--label',
          `com.docker.compose.${key}=${value}`,
        ]),
        ...['--network', `${project}_default`],
        ...(at === 0 ? ['-p', `${project === 'shop' ? '8443' : '8088'}:80`] : []),
      ]);
    }
  }
}

/**
 * Takes the pictures of docs/images: the page of a real Engine whose table nat was flushed, and the same page where a path is drawn.
 * The program must have been built.
 */
export async function takePictures(era: Era): Promise<void> {
  const engine = await startEngine({ era });
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-pictures-'));
  try {
    await populate(engine);
    const must = async (typed: string): Promise<void> => {
      const { code, stderr } = await engine.exec('sh', ['-c', typed], {
        env: {
          PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}`,
          RULESGUARD_STATE_DIR: path.join(folder, 'state'),
          RULESGUARD_RUN_DIR: path.join(folder, 'run'),
        },
      });
      if (code > 1) throw new Error(`${typed}: ${stderr}`);
    };
    await must('iptables -t nat -F');
    const page = path.join(folder, 'page.html');
    const program = `${process.execPath} ${path.join(ROOT, 'bin/rulesguard.js')}`;
    await must(`unshare --uts sh -c 'hostname ${NAME} && exec ${program} doctor --html ${page}'`);
    await photograph(page);
  } finally {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function photograph(page: string): Promise<void> {
  const images = path.join(ROOT, 'docs', 'images');
  mkdirSync(images, { recursive: true });
  const toMap = 'document.querySelector(".filter").scrollIntoView()';
  return withBrowser(async (open) => {
    const take = async (file: string, view: View, scroll: string): Promise<void> => {
      const shown = await open(page, view);
      await shown.evaluate(scroll);
      writeFileSync(path.join(images, file), await shown.picture());
    };
    await take('doctor-desk.png', { ...DESK, scheme: 'light' }, 'scrollTo(0, 0)');
    await take('doctor-desk-dark.png', { ...DESK, scheme: 'dark' }, toMap);
    await take('doctor-phone.png', { ...PHONE, scheme: 'light' }, toMap);
  });
}
