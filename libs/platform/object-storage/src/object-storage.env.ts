import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { ObjectStorageOptions } from './object-storage.options.js';

const separated = (text: string) => text.split(',').map((part) => part.trim());

/** The environment variables of object storage, to be spread into an application's own schema. */
export const objectStorageEnv = {
  /** `file:///folder`, or `s3://bucket?region=…&endpoint=…&pathStyle=true`. */
  STORAGE_URL: z.url({
    protocol: /^(file|s3)$/,
    error: 'must be a URL like file:///var/lib/objects or s3://bucket?region=eu-west-1',
  }),
  /** With `file:`: where order-api serves links, such as `https://shop.example/v1/files`. */
  STORAGE_LINK_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** With `file:`: several by commas, for a change of secrets. */
  STORAGE_LINK_SECRETS: z.string().min(16).transform(separated).optional(),
};

interface ObjectStorageConfig {
  STORAGE_URL: string;
  STORAGE_LINK_URL?: string | undefined;
  STORAGE_LINK_SECRETS?: string[] | undefined;
}

/** Options of `ObjectStorageModule` by these variables. */
export function objectStorageOptionsOf({
  STORAGE_URL,
  STORAGE_LINK_URL: linkUrl,
  STORAGE_LINK_SECRETS: linkSecrets,
}: ObjectStorageConfig): ObjectStorageOptions {
  const url = new URL(STORAGE_URL);
  if (url.protocol === 'file:') return { folder: fileURLToPath(url), linkUrl, linkSecrets };
  const { region, endpoint, pathStyle } = Object.fromEntries(url.searchParams);
  return { s3: { bucket: url.hostname, region, endpoint, forcePathStyle: pathStyle === 'true' } };
}
