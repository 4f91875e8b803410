/** Types for the compiler; the module itself is JavaScript, since it is what compiles. */
export function importBundled(url: URL): Promise<Record<string, unknown>>;
export function bundle(
  entries: Readonly<Record<string, string>>,
  folder: string,
  plugins?: readonly object[],
): Promise<void>;
