/** Of the literal flow, as JSON in the environment variable `LITERAL`. */
export interface LiteralSettings {
  port: number;
  primaryUrl: string;
  replicaUrls: string[];
  shardUrls: string[];
  cacheUrl: string;
  queueUrl: string;
  jwksFile: string;
}

export const settings = JSON.parse(process.env['LITERAL'] ?? '{}') as LiteralSettings;
