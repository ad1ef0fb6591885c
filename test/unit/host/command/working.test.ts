import { expect, test } from 'vitest';
import { run } from '../../../../src/host/command/command.ts';

/** Works by itself, for twice as long as it may rest: long enough to get a turn on a busy machine too. */
const BUSY = `end=$(($(date +%s) + 3))
while [ $(date +%s) -lt $end ]; do i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; done
echo done`;
const LIMIT = 1000;

// They wait most of the time, so they wait together.
test.concurrent(
  'a program that works takes as long as it takes',
  async () => {
    const { stdout, exitCode } = await run(['sh', '-c', BUSY], { timeout: LIMIT, whileWorking: true });
    expect({ stdout, exitCode }).toEqual({ stdout: 'done\n', exitCode: 0 });
  },
  120_000,
);

test.concurrent(
  'one that waits is stopped',
  async () => {
    await expect(run(['sleep', '60'], { timeout: LIMIT, whileWorking: true })).rejects.toMatchObject({
      code: 'RG_TIMEOUT',
      message: 'sleep 60 did nothing for 1 s and was stopped',
    });
  },
  120_000,
);

test.concurrent(
  'one that works is stopped under a plain time limit',
  async () => {
    await expect(run(['sh', '-c', BUSY], { timeout: LIMIT })).rejects.toMatchObject({ code: 'RG_TIMEOUT' });
  },
  120_000,
);

test.concurrent('one that works without end is stopped after twenty times as long', async () => {
  await expect(
    run(['sh', '-c', 'while :; do :; done'], { timeout: 60, whileWorking: true }),
  ).rejects.toMatchObject({ code: 'RG_TIMEOUT' });
});
