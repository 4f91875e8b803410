/** What a row holds. Version 0 is a row that is not there yet: `null` to a loader. */
export interface Row {
  readonly id: string;
  readonly version: number;
}

/** The database of one history: rows that only know how often they were written. */
export class ModelDatabase {
  private readonly versions = new Map<string, number>();

  constructor(readonly ids: readonly string[]) {
    for (const id of ids) this.versions.set(id, 0);
  }

  version(id: string): number {
    return this.versions.get(id)!;
  }

  row(id: string): Row | null {
    const version = this.version(id);
    return version === 0 ? null : { id, version };
  }

  rows(ids: readonly string[]): Map<string, Row | null> {
    return new Map(ids.map((id) => [id, this.row(id)]));
  }

  /** Commits the next version of a row. */
  write(id: string): Row {
    const row = { id, version: this.version(id) + 1 };
    this.versions.set(id, row.version);
    return row;
  }
}
