import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { wouldStart } from '../../../../src/host/engine/daemon.ts';
import { askEngine } from '../../../../src/host/engine/engine.ts';

test('an Engine is not asked where systemd holds its socket and no dockerd runs: that would start it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-engine-'));
  const socket = path.join(folder, 'docker.sock');
  let connections = 0;
  const server = createServer((connection) => {
    connections++;
    connection.destroy();
  });
  try {
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    vi.stubEnv('DOCKER_HOST', `unix://${socket}`);
    // This process stands for systemd: it holds the socket, and is no dockerd.
    const systemd = String(process.pid);
    expect(wouldStart(socket, systemd)).toBe(true);
    expect(wouldStart(socket)).toBe(false);
    const reply = await askEngine(systemd);
    expect(reply).toMatchObject({ answered: false, fault: { code: 'RG_ENGINE_DOWN' } });
    expect(connections).toBe(0);
  } finally {
    vi.unstubAllEnvs();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
});
