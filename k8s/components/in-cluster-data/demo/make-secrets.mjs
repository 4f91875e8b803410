// Makes the Secrets of the demo at random, those that are not there yet: none has a default. Each is written once; a
// second run finds it and leaves it alone. To have new passwords, delete the Secrets and the pods with their volumes.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';
const { KUBERNETES_API = 'https://kubernetes.default.svc', TOKEN_FOLDER = serviceAccount } = process.env;
const read = (name) => readFileSync(`${TOKEN_FOLDER}/${name}`, 'utf8').trim();
const random = () => randomBytes(24).toString('base64url');
const each = (names) => Object.fromEntries(names.map((name) => [name, random()]));

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const about = { alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') };
const keyOf = (key) => ({ ...key.export({ format: 'jwk' }), ...about });

const secrets = {
  'fourfold-database': each(['app', 'read', 'monitor', 'migrate', 'replication', 'root']),
  'fourfold-redis': each(['cache', 'queue', 'sentinel']),
  'fourfold-tokens': { 'consistency-token-secrets': random() + random(), 'link-secrets': random() },
  // One Secret for both halves of the key: they belong together.
  'demo-keys': {
    'private.jwk': JSON.stringify(keyOf(privateKey)),
    'jwks.json': JSON.stringify({ keys: [keyOf(publicKey)] }),
  },
};

const url = `${KUBERNETES_API}/api/v1/namespaces/${read('namespace')}/secrets`;
for (const [name, stringData] of Object.entries(secrets)) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${read('token')}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name,
        labels: { 'app.kubernetes.io/part-of': 'fourfold', 'fourfold.example/purpose': 'demo' },
      },
      stringData,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok && response.status !== 409) {
    throw new Error(`Secret ${name} was not made: ${response.status} ${await response.text()}`);
  }
  console.log(`Secret ${name}: ${response.ok ? 'made' : 'was there'}`);
}
