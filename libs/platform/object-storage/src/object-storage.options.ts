import { parseOptions } from '@fourfold/kernel';
import { z } from 'zod';

const secret = z.string().min(16, 'must be 16 characters or more');
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });

const s3Schema = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket'),
  /** Default `us-east-1`. */
  region: z.string().min(1).default('us-east-1'),
  /** Of a server that speaks S3 and is not AWS. */
  endpoint: httpUrl.optional(),
  /** Whether the bucket is in the path of a URL and not in its host: most servers that are not AWS. Default false. */
  forcePathStyle: z.boolean().default(false),
  /** Default: where the AWS SDK finds them (environment, web identity, instance). */
  credentials: z
    .strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) })
    .optional(),
});
export type S3Options = z.output<typeof s3Schema>;

const optionsSchema = z
  .strictObject({
    /** A folder of this machine, or a volume that all processes share. */
    folder: z.string().min(1).optional(),
    /** With `folder`: where an application serves its links, without a slash at the end. */
    linkUrl: httpUrl.transform((url) => url.replace(/\/+$/, '')).optional(),
    /** With `folder`: the same in every process; the first one signs links, any of them verifies. */
    linkSecrets: z.array(secret).min(1).optional(),
    s3: s3Schema.optional(),
    /** How long a connection or a request to S3 may go without an answer. Default 10 s. */
    timeoutMs: z.int().min(1).default(10_000),
    /** Whether this process removes from `folder` what killed processes had begun to write. Default false. */
    cleans: z.boolean().default(false),
    /** For how long nothing was written to it. Default 1 hour. */
    abandonedAfterMs: z
      .int()
      .min(1)
      .default(60 * 60_000),
  })
  .refine(({ folder, s3 }) => (folder === undefined) !== (s3 === undefined), {
    message: 'give exactly one of folder and s3',
    path: ['folder'],
  })
  .refine(({ linkUrl, linkSecrets }) => (linkUrl === undefined) === (linkSecrets === undefined), {
    message: 'give both of linkUrl and linkSecrets, or neither',
    path: ['linkUrl'],
  });

export type ObjectStorageOptions = z.input<typeof optionsSchema>;
export type ObjectStorageSettings = z.output<typeof optionsSchema>;

/** @throws ConfigurationError */
export function objectStorageSettings(options: ObjectStorageOptions): ObjectStorageSettings {
  return parseOptions('ObjectStorageModule', optionsSchema, options);
}
