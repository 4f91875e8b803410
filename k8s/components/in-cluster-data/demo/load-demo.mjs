// Puts the demo catalogue and users in through the API, as soon as it answers. What is there already is left as it is.
import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { API_URL, AUTH_ISSUER, AUTH_AUDIENCE, PRIVATE_KEY, DEMO_DATA } = process.env;
const WAIT_MS = 15 * 60_000;

/** An operator's, for an hour. */
function token() {
  const jwk = JSON.parse(readFileSync(PRIVATE_KEY, 'utf8'));
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    role: 'operator',
    sub: 'demo',
    iss: AUTH_ISSUER,
    aud: AUTH_AUDIENCE,
    iat: now,
    exp: now + 3_600,
  };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'ES256', typ: 'JWT', kid: jwk.kid })}.${part(claims)}`;
  const key = createPrivateKey({ key: jwk, format: 'jwk' });
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

async function put(path, body) {
  for (const deadline = Date.now() + WAIT_MS; ;) {
    const response = await fetch(`${API_URL}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    }).catch((error) => ({ ok: false, status: 0, text: async () => String(error.cause ?? error) }));
    if (response.ok || response.status === 409) return response.ok;
    const why = `${path}: ${response.status} ${await response.text()}`;
    if ((response.status > 0 && response.status < 500 && response.status !== 429) || Date.now() > deadline) {
      throw new Error(why);
    }
    console.log(`${why}: trying again`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
}

for (const [what, drafts] of Object.entries(JSON.parse(readFileSync(DEMO_DATA, 'utf8')))) {
  let added = 0;
  for (const draft of drafts) if (await put(`/v1/${what}`, draft)) added += 1;
  console.log(`${drafts.length} demo ${what}, ${added} of them new`);
}
