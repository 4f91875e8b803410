import { lints } from './lint.js';
import type { AlertsProject } from './project.js';
import { checkWithPromtool, testRecordings, testWithPromtool } from './promtool.js';

/** Everything that is wrong, in sentences that name the file; empty when the alerts are right. */
export function problemsOf(project: AlertsProject, promtool: string): string[] {
  const malformed = checkWithPromtool(promtool, project.rules);
  // What promtool can't read it can't test.
  if (malformed.length > 0) return malformed;
  return [
    ...Object.values(lints).flatMap((lint) => lint(project)),
    ...testWithPromtool(promtool, project.rules, project.cases),
    ...testRecordings(promtool, project.rules, project.recordingCases),
  ];
}
