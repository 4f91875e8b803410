import { z } from 'zod';

const target = z.object({
  refId: z.string().min(1),
  expr: z.string().min(1),
  legendFormat: z.string().min(1, 'has no legend'),
  datasource: z.object({ uid: z.literal('${datasource}') }).optional(),
});

const panel = z.object({
  id: z.int(),
  type: z.string(),
  title: z.string().min(1, 'has no title'),
  description: z.string({ error: 'has no description' }).min(1, 'has no description'),
  datasource: z.object({
    uid: z.literal('${datasource}', { error: 'names a server; the variable datasource chooses it' }),
  }),
  fieldConfig: z.object({
    defaults: z.object({ unit: z.string({ error: 'has no unit' }).min(1, 'has no unit') }),
  }),
  targets: z.array(target, { error: 'has no query' }).min(1, 'has no query'),
  links: z.array(z.object({ url: z.string() })).default([]),
});

const row = z.object({
  id: z.int(),
  type: z.literal('row'),
  title: z.string(),
  panels: z.array(panel).default([]),
});

/** What is looked at of Grafana's JSON. What else is in it is left to the code that writes it. */
const dashboard = z.object({
  uid: z.string().min(1),
  title: z.string().min(1),
  panels: z
    .array(z.unknown())
    .min(1)
    .transform((panels, context) =>
      panels.map((one, index) => {
        const isRow = (one as { type?: unknown } | null)?.type === 'row';
        const parsed = (isRow ? row : panel).safeParse(one);
        if (parsed.success) return parsed.data;
        for (const issue of parsed.error.issues)
          context.issues.push({ ...issue, input: one, path: [index, ...issue.path] } as never);
        return z.NEVER;
      }),
    ),
  templating: z.object({
    list: z.array(
      z.object({ name: z.string(), type: z.string(), query: z.unknown(), allValue: z.string().optional() }),
    ),
  }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string() })) }),
});

export type DashboardFile = z.output<typeof dashboard>;
export type PanelInFile = z.output<typeof panel>;

export interface Finding {
  /** Within the file, as in `panels[3].targets[0]`. */
  readonly path: string;
  readonly message: string;
}

/** @returns the dashboard, or what is wrong with the file's text. */
export function readDashboard(text: string): { dashboard?: DashboardFile; findings: Finding[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { findings: [{ path: '', message: `is no JSON: ${(error as Error).message}` }] };
  }
  const parsed = dashboard.safeParse(json);
  if (parsed.success) return { dashboard: parsed.data, findings: [] };
  return {
    findings: parsed.error.issues.map(({ path, message }) => ({ path: pathText(path), message })),
  };
}

/** Each panel with its path; the panels of collapsed rows too. */
export function panelsOf(file: DashboardFile): { path: string; panel: PanelInFile }[] {
  return file.panels.flatMap((one, index) => {
    const path = `panels[${index}]`;
    if ('targets' in one) return [{ path, panel: one }];
    return one.panels.map((panel, inner) => ({ path: `${path}.panels[${inner}]`, panel }));
  });
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
}
