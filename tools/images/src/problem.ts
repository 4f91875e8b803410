/** What is wrong with a file of `docker/`, and where in it. */
export interface Problem {
  /** From the root of the checkout. */
  readonly file: string;
  /** A line of a Dockerfile, or the keys that lead to a value of a YAML file. */
  readonly path: string;
  readonly message: string;
}

export function lineOf({ file, path, message }: Problem): string {
  return `${file}: ${path}: ${message}`;
}

/** The checkout as the checks see it; a test reads other text than what is on the disk. */
export interface Checkout {
  /** @param file from the root; throws where there is none */
  read(file: string): string;
  exists(path: string): boolean;
}
