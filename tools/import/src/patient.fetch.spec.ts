import type { FourfoldClient } from '@fourfold/client';
import { describe, expect, it } from 'vitest';
import { ApiProblem, ApiUnreachable, UnexpectedAnswer } from './api.errors.js';
import { patientClient } from './patient.fetch.js';
import { type ScriptedAnswer, startScriptedApi } from './scripted-api.testing.js';

const read = (client: FourfoldClient) => client.GET('/v1/products/{id}', { params: { path: { id: '1' } } });
const ok: ScriptedAnswer = { status: 200, body: { id: '1' } };
const problem = (status: number, code: string, headers = {}): ScriptedAnswer => ({
  status,
  body: { status, code, detail: 'because' },
  headers: { 'content-type': 'application/problem+json', ...headers },
});

/** Answers in turn, the last one for ever. */
const inTurn = (...answers: (ScriptedAnswer | 'hang-up')[]) => {
  const left = [...answers];
  return () => (left.length > 1 ? left.shift() : left[0]) ?? 'hang-up';
};

describe('a call', () => {
  it('carries the token and its JSON body, and gives the answer with its headers', async () => {
    await using api = await startScriptedApi(() => ({
      ...ok,
      status: 201,
      headers: { 'idempotency-replayed': 'true' },
    }));
    const body = { userId: '7', items: [], shippingAddress: 'Customer 7, France' };
    const header = { 'Idempotency-Key': '536365' };
    const { data, response } = await api.client.POST('/v1/orders', { params: { header }, body });
    expect(data).toEqual({ id: '1' });
    expect(response.headers.get('idempotency-replayed')).toBe('true');
    expect(api.requests).toMatchObject([
      {
        call: 'POST /v1/orders',
        body,
        headers: {
          authorization: 'Bearer a.b.c',
          'content-type': 'application/json',
          'idempotency-key': '536365',
        },
      },
    ]);
  });

  it.each<[string, ScriptedAnswer | 'hang-up']>([
    ['502', { status: 502, body: '<html>' }],
    ['503', problem(503, 'database-unavailable')],
    ['504', { status: 504, body: '' }],
    ['429', problem(429, 'too-many-requests')],
    ['409 idempotency-in-progress', problem(409, 'idempotency-in-progress')],
    ['a connection that breaks', 'hang-up'],
  ])('is tried again after %s', async (_name, failure) => {
    await using api = await startScriptedApi(inTurn(failure, failure, ok));
    await expect(read(api.client)).resolves.toMatchObject({ data: { id: '1' } });
    expect(api.requests).toHaveLength(3);
    expect(api.waits).toEqual([1, 2]);
  });

  it('waits as long as Retry-After says', async () => {
    await using api = await startScriptedApi(inTurn(problem(503, 'overloaded', { 'retry-after': '2' }), ok));
    await read(api.client);
    expect(api.waits).toEqual([2_001]);
  });

  it('is given up after the last try, with what the API said last', async () => {
    await using api = await startScriptedApi(() => problem(503, 'database-unavailable'));
    await expect(read(api.client)).rejects.toMatchObject({ status: 503, code: 'database-unavailable' });
    expect(api.requests).toHaveLength(4);
  });

  it('that no server answers names the address and the reason', async () => {
    const api = await startScriptedApi(() => ok);
    await api.stop();
    const outcome = read(api.client);
    await expect(outcome).rejects.toThrow(ApiUnreachable);
    await expect(outcome).rejects.toThrow(
      /GET http:\/\/127[^ ]+: no answer after 4 attempts: connect ECONNREFUSED/,
    );
  });

  it.each([400, 401, 404, 409, 412, 422, 500])('is not tried again after %d', async (status) => {
    await using api = await startScriptedApi(() => problem(status, 'some-code'));
    await expect(read(api.client)).rejects.toThrow(ApiProblem);
    expect(api.requests).toHaveLength(1);
  });

  it('ends at once when the work is called off', async () => {
    const abort = new AbortController();
    await using api = await startScriptedApi(() => {
      abort.abort(new Error('Ctrl-C'));
      return 'hang-up';
    });
    const { baseUrl, retries } = api;
    const client = patientClient({ baseUrl, token: 't', retries, signal: abort.signal });
    await expect(read(client)).rejects.toThrow('Ctrl-C');
    expect(api.requests).toHaveLength(1);
  });
});

describe('what the API refuses', () => {
  it('is told with its code, its detail and the fields that are wrong', async () => {
    const body = {
      code: 'validation-failed',
      detail: 'Bad body',
      errors: [{ path: 'items.0.quantity', message: 'too small' }],
    };
    await using api = await startScriptedApi(() => ({ status: 400, body }));
    await expect(read(api.client)).rejects.toMatchObject({
      status: 400,
      code: 'validation-failed',
      detail: 'Bad body (items.0.quantity: too small)',
    });
  });

  it('is told once where the detail names the fields already', async () => {
    const detail = 'The request is not valid: name: too short';
    const errors = [
      { path: 'name', message: 'too short' },
      { path: 'sku', message: 'too long' },
    ];
    await using api = await startScriptedApi(() => ({ status: 400, body: { code: 'x', detail, errors } }));
    await expect(read(api.client)).rejects.toMatchObject({ detail: `${detail} (sku: too long)` });
  });

  it('has a code even when the answer is no problem document', async () => {
    await using api = await startScriptedApi(() => ({ status: 404, body: '<h1>Not here</h1>' }));
    await expect(read(api.client)).rejects.toMatchObject({
      code: 'http-404',
      detail: '<h1>Not here</h1>',
    });
  });

  it.each([
    ['that is not JSON', '<h1>Welcome</h1>', /GET .*\/v1\/products\/1: the answer is not JSON: <h1>/],
    ['of another service', { hello: 'world' }, /the answer is not what the API promises: {"hello"/],
    ['that is nothing', 'null', /the answer is not what the API promises: null/],
  ])('is not confused with a success %s', async (_what, body, says) => {
    await using api = await startScriptedApi(() => ({ status: 200, body }));
    const outcome = read(api.client);
    await expect(outcome).rejects.toThrow(UnexpectedAnswer);
    await expect(outcome).rejects.toThrow(says);
  });
});
