import { z } from 'zod';

/**
 * What the manifests use of k8s.mariadb.com/v1alpha1, of the mariadb-operator 26.6: no package has its schemas. A field
 * that is not here is refused; add it as the operator's own definition has it.
 */
const name = z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, 'must be a name of Kubernetes');
const labels = z.record(z.string(), z.string());
const quantity = z.union([z.string().regex(/^\d+(\.\d+)?(m|[kMGT]i?)?$/, 'must be a quantity'), z.number()]);
const secretKey = z.strictObject({ name, key: z.string().min(1) });
const duration = z.string().regex(/^(\d+(h|m|s|ms))+$/, 'must be a duration such as 30s');
const count = z.int().min(0);

const metadata = z.looseObject({ name, labels: labels.optional(), annotations: labels.optional() });
/** @param spec of that kind */
const object = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({
    apiVersion: z.literal('k8s.mariadb.com/v1alpha1'),
    kind: z.literal(kind),
    metadata,
    spec,
  });

const resources = z.strictObject({
  requests: z.record(z.enum(['cpu', 'memory']), quantity),
  limits: z.partialRecord(z.enum(['cpu', 'memory']), quantity),
});
const securityContext = z.strictObject({
  allowPrivilegeEscalation: z.boolean().optional(),
  privileged: z.boolean().optional(),
  readOnlyRootFilesystem: z.boolean().optional(),
  runAsNonRoot: z.boolean().optional(),
  runAsUser: count.optional(),
  runAsGroup: count.optional(),
  capabilities: z
    .strictObject({ add: z.array(z.string()).optional(), drop: z.array(z.string()).optional() })
    .optional(),
});
/** Where the whole object is left out, the operator fills in its own image. */
const dataPlane = z.strictObject({ image: z.string(), securityContext: securityContext.optional() });
const replication = z.strictObject({
  enabled: z.boolean(),
  primary: z
    .strictObject({
      podIndex: count.optional(),
      autoFailover: z.boolean().optional(),
      autoFailoverDelay: duration.optional(),
    })
    .optional(),
  replica: z
    .strictObject({
      replPasswordSecretKeyRef: secretKey.optional(),
      gtid: z.enum(['CurrentPos', 'SlavePos']).optional(),
      connectionRetrySeconds: count.optional(),
      maxLagSeconds: count.optional(),
      syncTimeout: duration.optional(),
    })
    .optional(),
  gtidStrictMode: z.boolean().optional(),
  semiSyncEnabled: z.boolean().optional(),
  semiSyncWaitPoint: z.enum(['AfterSync', 'AfterCommit']).optional(),
  syncBinlog: count.optional(),
  standaloneProbes: z.boolean().optional(),
  initContainer: dataPlane.optional(),
  agent: dataPlane.optional(),
});
const podSecurityContext = z.strictObject({
  runAsNonRoot: z.boolean().optional(),
  runAsUser: count.optional(),
  runAsGroup: count.optional(),
  fsGroup: count.optional(),
  fsGroupChangePolicy: z.enum(['Always', 'OnRootMismatch']).optional(),
  seccompProfile: z.strictObject({ type: z.enum(['RuntimeDefault', 'Localhost', 'Unconfined']) }).optional(),
});

const mariadb = object(
  'MariaDB',
  z.strictObject({
    image: z.string(),
    rootPasswordSecretKeyRef: secretKey,
    port: z.int().min(1).max(65_535),
    replicas: z.int().min(1),
    replication: replication.optional(),
    myCnf: z.string(),
    storage: z.strictObject({ size: quantity, storageClassName: z.string().optional() }),
    resources,
    podMetadata: z.strictObject({ labels: labels.optional(), annotations: labels.optional() }),
    podSecurityContext,
    securityContext,
    affinity: z.strictObject({ antiAffinityEnabled: z.boolean() }).optional(),
    podDisruptionBudget: z
      .strictObject({
        maxUnavailable: z.union([count, z.string()]).optional(),
        minAvailable: z.union([count, z.string()]).optional(),
      })
      .optional(),
    updateStrategy: z
      .strictObject({
        type: z.enum(['ReplicasFirstPrimaryLast', 'RollingUpdate', 'OnDelete', 'Never']),
        autoUpdateDataPlane: z.boolean().optional(),
      })
      .optional(),
  }),
);

const ofServer = {
  mariaDbRef: z.strictObject({ name, waitForIt: z.boolean().optional() }),
  cleanupPolicy: z.enum(['Skip', 'Delete']),
};
const database = object(
  'Database',
  z.strictObject({ ...ofServer, name: z.string().max(80), characterSet: z.string(), collate: z.string() }),
);
const user = object(
  'User',
  z.strictObject({
    ...ofServer,
    name: z.string().max(80),
    passwordSecretKeyRef: secretKey,
    maxUserConnections: z.int().positive(),
    host: z.string().max(255),
  }),
);
const grant = object(
  'Grant',
  z.strictObject({
    ...ofServer,
    username: z.string(),
    privileges: z.array(z.string()).min(1),
    database: z.string(),
    table: z.string(),
    host: z.string(),
    grantOption: z.boolean().optional(),
  }),
);

/** By kind. */
export const mariadbOperator: Readonly<Record<string, z.ZodType>> = {
  MariaDB: mariadb,
  Database: database,
  User: user,
  Grant: grant,
};

export type MariaDB = z.output<typeof mariadb>;
export type MariaDBDatabase = z.output<typeof database>;
export type MariaDBUser = z.output<typeof user>;
export type MariaDBGrant = z.output<typeof grant>;
