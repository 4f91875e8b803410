import { broken, type Loose, sound } from '../testing/broken.js';
import { inAutoscaling } from '../testing/broken-autoscaling.cases.js';
import { betweenPods } from '../testing/broken-network.cases.js';
import { inPods } from '../testing/broken-pods.cases.js';
import { operated } from '../testing/broken-operated.cases.js';
import { inProd } from '../testing/broken-prod.cases.js';
import { inReactions } from '../testing/broken-reactions.cases.js';
import { inTheWhole } from '../testing/broken-whole.cases.js';

// One file, for one worker: each that renders an overlay and loads the schemas takes a second.
broken('in pods', inPods, 'dev');
broken('between pods', betweenPods, 'dev');
broken('in the whole', inTheWhole, 'dev');
broken('with operators and Sentinels', operated, 'operated');
broken('in the prod overlay', [...inProd, ...inAutoscaling, ...inReactions], 'prod');

sound('prod', [
  [
    'images by digest, and the start of one in the name of the Job',
    (_find, all) => {
      const digests: Record<string, string> = { 'order-api': 'a', worker: 'b', migrate: 'c' };
      for (const { kind, spec, metadata } of all.filter(({ spec }) => spec?.template)) {
        const { initContainers = [], containers } = spec.template.spec;
        for (const container of [...initContainers, ...containers] as Loose[]) {
          const [path, name] = /.*\/([\w-]+)(?=:)/.exec(container.image)!;
          container.image = `${path}@sha256:${digests[name!]!.repeat(64)}`;
        }
        if (kind === 'Job') metadata.name = 'migrate-ccccccc';
      }
    },
  ],
  [
    'a collector in a namespace that a policy allows',
    (find, all) => {
      find('ConfigMap/fourfold-config').data.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://collector.monitoring:4318';
      const policy = structuredClone(find('NetworkPolicy/external-keys'));
      policy.metadata.name = 'collector';
      const monitoring = { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } };
      policy.spec.egress = [{ to: [{ namespaceSelector: monitoring }], ports: [{ port: 4318 }] }];
      all.push(policy);
    },
  ],
]);
