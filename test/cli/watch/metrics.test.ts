import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { describeCli, PROJECT, withHost, type CliHost } from '../../support/cli.ts';
import { prometheusFolder } from '../../support/prometheus.ts';
import { until } from '../../support/until.ts';

const ADDRESS = '127.0.0.1:9799';
const RULES = path.join(PROJECT, 'packaging/prometheus/rulesguard.rules.yml');

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

/** Every query of the dashboard, of all hosts. */
function queries(): readonly string[] {
  const file = path.join(PROJECT, 'packaging/grafana/rulesguard.json');
  const { panels } = JSON.parse(readFileSync(file, 'utf8')) as Dashboard;
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$instance', '.*')));
}

/** Prometheus in the host's namespace, which scrapes watch each second; `ask` puts it a query. */
async function withPrometheus(
  { ns, folder }: CliHost,
  programs: string,
  body: (ask: (query: string) => Promise<string>) => Promise<void>,
): Promise<void> {
  const config = path.join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [${RULES}]
scrape_configs:
  - job_name: rulesguard
    static_configs: [{targets: ['${ADDRESS}']}]
`,
  );
  const checked = await ns.exec(path.join(programs, 'promtool'), ['check', 'config', config]);
  expect(checked.stdout).toMatch(/SUCCESS: .*rulesguard\.rules\.yml|SUCCESS: \d+ rules found/);
  const data = path.join(folder, 'prometheus');
  mkdirSync(data);
  const words = [
    '-c',
    'echo $$ >"$0/pid"; exec "$@"',
    data,
    path.join(programs, 'prometheus'),
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}/tsdb`,
    '--web.listen-address=127.0.0.1:9090',
  ];
  const running = ns.exec('sh', words, { timeout: 300_000 });
  const ask = async (query: string): Promise<string> => {
    const asking = ['query', 'instant', 'http://127.0.0.1:9090', query];
    const { stdout } = await ns.exec(path.join(programs, 'promtool'), asking);
    return stdout.trim();
  };
  try {
    await body(ask);
  } finally {
    process.kill(Number(readFileSync(path.join(data, 'pid'), 'utf8')), 'SIGKILL');
    await running;
  }
}

describeCli('metrics of watch', () => {
  test('Prometheus loads the alert rules, has an answer to every query of the dashboard, and rings; reloaded, watch repairs', async () => {
    const programs = await prometheusFolder();
    if (programs === undefined) throw new Error('no Prometheus: apt-get download prometheus failed');
    await withHost(async (host) => {
      const config = path.join(host.folder, 'config.json');
      const textfile = path.join(host.folder, 'rulesguard.prom');
      const configure = (mode: string): void => {
        writeFileSync(config, JSON.stringify({ version: 1, watch: { mode, listen: ADDRESS, textfile } }), {
          mode: 0o600,
        });
      };
      configure('report');
      await host.sh('ip link set lo up');
      await host.run('snapshot');
      const watching = host.start(['watch', '--config', config]);
      let said = '';
      watching.stderr.on('data', (text) => (said += String(text)));
      try {
        await withPrometheus(host, programs, async (ask) => {
          await until(async () => (await ask('rulesguard_looks_total > 0')) !== '');
          await until(async () => (await ask('rulesguard_source_up{source="nftables"} == 1')) !== '');
          await host.sh('iptables -F FORWARD');
          await until(async () => (await ask('ALERTS{alertname="RulesguardExposure"}')) !== '');
          await until(async () => (await ask('rulesguard_damage_total{severity="exposure"}')) !== '');
          expect(await ask('rulesguard_damage_total{program=~"iptables.*|unknown"}')).toContain(
            'severity="exposure"',
          );
          const unanswered = async (): Promise<readonly string[]> => {
            const answers = await Promise.all(
              queries().map(async (query) => [query, await ask(query)] as const),
            );
            return answers.flatMap(([query, answer]) => (answer === '' ? [query] : []));
          };
          await until(async () => (await unanswered()).length === 0).catch(() => undefined);
          expect(await unanswered()).toEqual([]);

          configure('wrong');
          watching.kill('SIGHUP');
          await until(() => said.includes('what was read before holds'));
          configure('repair');
          watching.kill('SIGHUP');
          await until(async () => (await ask('rulesguard_repairs_total{result="repaired"} == 1')) !== '');
          await until(async () => (await ask('rulesguard_broken_ways{severity="exposure"} == 0')) !== '');
          expect(readFileSync(textfile, 'utf8')).toContain('rulesguard_repairs_total{result="repaired"} 1');
        });
      } finally {
        watching.kill('SIGTERM');
        await watching;
      }
    });
  });
});
