import { resolve } from 'node:path';
import { loadConfigFromFile, type Plugin } from 'vite';
import { createVitest, type TestCase, type TestModule, type Vitest } from 'vitest/node';
import { type Mutant, planted } from './mutant.js';

/** A mutant may make a test wait for what never comes: that is noticed, and not for two minutes each time. */
const TEST_TIMEOUT_MS = 20_000;

interface Project {
  test?: object;
}

/**
 * Runs the test files of mutants in one process of Vitest, whose servers are started once for all of them. The fault is
 * planted as Vite reads the source, so that nothing on disk is changed.
 */
export class MutantRun {
  private planted: Mutant | undefined;
  private vitest!: Vitest;

  private constructor(private readonly report: (line: string) => void) {}

  /**
   * @returns how many mutants no test has noticed
   * @throws Error when a test fails without any of them
   */
  static async of(mutants: readonly Mutant[], report: (line: string) => void): Promise<number> {
    const run = new MutantRun(report);
    await run.open();
    try {
      return await run.all(mutants);
    } finally {
      await run.vitest.close();
    }
  }

  private async open(): Promise<void> {
    const loaded = await loadConfigFromFile({ command: 'serve', mode: 'test' }, 'vitest.config.ts');
    const { test: { projects = [] } = {} } = (loaded?.config ?? {}) as { test?: { projects?: Project[] } };
    const plugin = this.plugin();
    this.vitest = await createVitest('test', {
      config: false,
      watch: false,
      reporters: [{}],
      project: ['unit', 'servers'],
      projects: projects.map(({ test, ...project }) => ({
        ...project,
        plugins: [plugin],
        test: { ...test, testTimeout: TEST_TIMEOUT_MS },
      })),
    });
  }

  private async all(mutants: readonly Mutant[]): Promise<number> {
    await this.assertGreen(mutants);
    let unnoticed = 0;
    for (const mutant of mutants) {
      const [first] = await this.failuresBy(mutant);
      if (!first) unnoticed += 1;
      const { file, from, to, spec } = mutant;
      const by = first ? `${first.fullName}: ${first.result().errors?.[0]?.message.split('\n')[0]}` : spec;
      this.report(`${first ? '✓' : '✗'} ${file}\n    ${from}\n  → ${to}\n    ${by}`);
    }
    // A failure that an earlier mutant left behind, and not the one that was planted, would have been taken for notice.
    await this.assertGreen(mutants);
    return unnoticed;
  }

  private async assertGreen(mutants: readonly Mutant[]): Promise<void> {
    const modules = await this.tests(mutants.map(({ spec }) => spec));
    const failed = modules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
    if (failed.length > 0) throw new Error(`These fail without a mutant: ${failed.join(', ')}`);
  }

  /** Of tests, that is: a file that can't be loaded, or whose hooks fail, says nothing. */
  private async failuresBy(mutant: Mutant): Promise<TestCase[]> {
    this.planted = mutant;
    this.vitest.invalidateFile(resolve(mutant.file));
    try {
      const modules = await this.tests([mutant.spec]);
      return modules.filter(hasRun).flatMap((module) => [...module.children.allTests('failed')]);
    } finally {
      this.planted = undefined;
      this.vitest.invalidateFile(resolve(mutant.file));
    }
  }

  private async tests(specs: readonly string[]): Promise<TestModule[]> {
    const asked = await this.vitest.globTestSpecifications([...new Set(specs)]);
    const { testModules, unhandledErrors } = await this.vitest.runTestSpecifications(asked);
    if (unhandledErrors.length > 0 && !this.planted) throw unhandledErrors[0];
    // Vitest's answer has the modules of earlier runs in it as well.
    return testModules.filter((module) => asked.some(({ moduleId }) => moduleId === module.moduleId));
  }

  private plugin(): Plugin {
    return {
      name: 'fourfold-mutant',
      enforce: 'pre',
      transform: (code, id) => {
        const mutant = this.planted;
        return mutant && id === resolve(mutant.file) ? planted(code, mutant) : undefined;
      },
    };
  }
}

function hasRun(module: TestModule): boolean {
  const suites = [module, ...module.children.allSuites()];
  return suites.every((suite) => suite.errors().length === 0);
}
