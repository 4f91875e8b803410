import { PAGE_CONTENT_POLICY } from '@fourfold/observability';
import type { FastifyInstance } from 'fastify';
import { allow } from '../auth/access.js';

const PAGE = '/confirm-email';
const SCRIPT = `${PAGE}/confirm.js`;

const HTML = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Confirm your e-mail address</title>
    <link rel="icon" href="data:,">
    <script defer src="${SCRIPT}"></script>
  </head>
  <body style="max-width: 36em; margin: 2em auto; padding: 0 1em; font-family: sans-serif; line-height: 1.5">
    <h1>Confirm your e-mail address</h1>
    <p role="status" id="said">Your account will use the address to which the link was sent.</p>
    <button id="confirm" style="font-size: 1em; padding: 0.5em 1em">Confirm</button>
  </body>
</html>
`;

/** A press of the button, and not the visit: programs that look at mails follow their links. */
const START = `const said = document.getElementById('said');
const button = document.getElementById('confirm');
button.addEventListener('click', async () => {
  button.disabled = true;
  try {
    const answer = await fetch('/v1/email-confirmations', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: location.hash.slice(1) }),
    });
    if (answer.ok) {
      button.remove();
      said.textContent = 'Thank you: the address is confirmed.';
      return;
    }
    const again = answer.status === 429 || answer.status >= 500;
    said.textContent = again
      ? 'That did not work. Please try again in a moment.'
      : 'This link is not good any more. Please ask for the change again.';
    button.hidden = !again;
  } catch {
    said.textContent = 'The shop can’t be reached. Please try again in a moment.';
  }
  button.disabled = false;
});
`;

/** Where links to confirm an address lead. The token is behind `#`, so it is not in the request for the page. */
export function publishConfirmationPage(fastify: FastifyInstance): void {
  const file = (url: string, type: string, content: string): void => {
    fastify.get(url, { config: allow('public') }, (_request, reply) =>
      reply
        .header('Content-Security-Policy', PAGE_CONTENT_POLICY)
        .type(`${type}; charset=utf-8`)
        .send(content),
    );
  };
  file(PAGE, 'text/html', HTML);
  file(SCRIPT, 'text/javascript', START);
}
