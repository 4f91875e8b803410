/** Where this app's servers are, from its environment. */
export interface Servers {
  readonly primaryUrl: string;
  readonly replicaUrls: readonly string[];
  readonly shardUrls: Readonly<Record<string, string>>;
  readonly cacheRedisUrl: string;
  readonly queueRedisUrl: string;
  /** The same databases, for an account that may change the schema. */
  readonly migrate: { readonly primaryUrl: string; readonly shardUrls: Readonly<Record<string, string>> };
}

export const servers = JSON.parse(process.env['BLANK_APP_SERVERS']!) as Servers;
