import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, requireExecutable } from '@fourfold-tools/stack';
import { eventually, type RunningProgram, runningProgram } from '@fourfold-tools/testing';
import { parse } from 'yaml';

/** A real Prometheus that scrapes once a second, with the rules of the project. */
export class PrometheusProcess {
  private constructor(
    readonly url: string,
    private readonly child: RunningProgram,
    private readonly folder: string,
  ) {}

  /**
   * @param targets `host:port` by job
   * @param labels that each target has, beside `job` and `instance`
   */
  static async start(
    repoRoot: string,
    targets: Readonly<Record<string, readonly string[]>>,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<PrometheusProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'fourfold-prometheus-'));
    const at = (name: string) => join(folder, name);
    const { spec } = parse(
      readFileSync(join(repoRoot, 'k8s', 'components', 'monitoring', 'prometheus-rule.yaml'), 'utf8'),
    ) as { spec: unknown };
    writeFileSync(at('rules.yaml'), JSON.stringify(spec));
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [at('rules.yaml')],
      scrape_configs: Object.entries(targets).map(([job, addresses]) => ({
        job_name: job,
        static_configs: [{ targets: addresses, labels }],
      })),
    };
    writeFileSync(at('prometheus.yaml'), JSON.stringify(config));
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const child = runningProgram(
      requireExecutable('prometheus'),
      [
        `--config.file=${at('prometheus.yaml')}`,
        `--storage.tsdb.path=${at('tsdb')}`,
        '--enable-feature=exemplar-storage',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { cwd: folder },
    );
    const started = new PrometheusProcess(url, child, folder);
    try {
      await eventually(async () => (await fetch(`${url}/-/ready`)).ok);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  async stop(): Promise<void> {
    this.child.kill();
    await this.child;
    rmSync(this.folder, { recursive: true });
  }
}
