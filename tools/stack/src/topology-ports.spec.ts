import { describe, expect, it } from 'vitest';
import { envOf, stackOptionsFromEnv } from './stack-options.js';
import { portsFrom } from './topology-ports.js';

describe('ports', () => {
  it('are those of the specification unless told otherwise', () => {
    expect(portsFrom({})).toMatchObject({ primary: 13306, 'shard-3': 13313, smtp: 11025, api: 3000 });
  });

  it('are all shifted by FOURFOLD_PORT_OFFSET, and set one by one by FOURFOLD_PORTS', () => {
    const ports = portsFrom({ FOURFOLD_PORT_OFFSET: '1000', FOURFOLD_PORTS: 'primary=23306, api=3005' });
    expect(ports).toMatchObject({ primary: 23306, api: 3005, 'replica-1': 14307, 'api-management': 4100 });
  });

  it.each([
    [{ FOURFOLD_PORT_OFFSET: 'many' }, 'FOURFOLD_PORT_OFFSET is "many"'],
    [{ FOURFOLD_PORT_OFFSET: '60000' }, 'The port of primary would be 73306'],
    [{ FOURFOLD_PORTS: 'web=80' }, 'names "web", which is no port of ours: primary, '],
    [{ FOURFOLD_PORTS: 'api' }, 'FOURFOLD_PORTS (api) is ""'],
    [{ FOURFOLD_PORTS: 'smtp=3000' }, 'smtp and api would both use port 3000'],
  ])('refuse %j and say why', (env, why) => {
    expect(() => portsFrom(env)).toThrow(why);
  });

  it('are refused with all that is wrong, a line each', () => {
    const env = { FOURFOLD_PORT_OFFSET: '-13306', FOURFOLD_PORTS: 'web=80,api=x,smtp=6000,mail=6000' };
    const refused = () => portsFrom(env);
    for (const why of ['names "web"', '(api) is "x"', 'The port of primary would be 0', 'mail would be 6000'])
      expect(refused).toThrow(why);
    expect(refused).not.toThrow('api would');
  });

  it('reach another process through the environment', () => {
    const options = stackOptionsFromEnv(
      {
        FOURFOLD_PORT_OFFSET: '7',
        FOURFOLD_PROMETHEUS: 'off',
        FOURFOLD_TRACES: 'off',
        FOURFOLD_ENGINE: 'mysql',
      },
      '/repo',
    );
    expect(options).toMatchObject({
      stateDir: '/repo/.stack',
      prometheus: false,
      traces: false,
      engine: 'mysql',
    });
    expect(stackOptionsFromEnv(envOf(options), '/repo')).toEqual(options);
    expect(() => stackOptionsFromEnv({ FOURFOLD_ENGINE: 'oracle' }, '/repo')).toThrow(
      'FOURFOLD_ENGINE is "oracle"; it has to be one of: mariadb, mysql',
    );
  });
});
