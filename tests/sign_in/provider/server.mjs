// A real OpenID provider for the tests: `node server.mjs PORT AUDIENCE CALLBACK PEOPLE`.
// PEOPLE is a JSON file of claims by login name; POST /rotate signs with new keys from then on.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import Provider from 'oidc-provider';

const [port, audience, callback, people] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const claims = JSON.parse(readFileSync(people));
const told = ['sub', 'simedsos_roles', 'simedsos_unit', 'nip'];

async function key(alg, generation) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${generation}` };
}

function client(client_id, id_token_signed_response_alg) {
  return {
    client_id,
    client_secret: `${client_id}-secret-of-the-tests`,
    redirect_uris: [callback],
    id_token_signed_response_alg,
  };
}

async function provider(generation) {
  const resourceServer = {
    scope: 'openid',
    audience,
    accessTokenTTL: 600,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  };
  return new Provider(issuer, {
    clients: [client('web', 'ES256'), client('portal', 'RS256')],
    jwks: { keys: [await key('RS256', generation), await key('ES256', generation)] },
    claims: { openid: told },
    conformIdTokenClaims: false,
    cookies: { keys: ['a key of the tests'] },
    pkce: { required: () => true },
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, ...claims[accountId] }),
    }),
    extraTokenClaims: (_, token) => claims[token.accountId],
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid');
      grant.addResourceScope(audience, 'openid');
      await grant.save();
      return grant;
    },
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => resourceServer,
        useGrantedResource: () => true,
      },
    },
  });
}

let generation = 1;
let handle = (await provider(generation)).callback();
createServer(async (request, response) => {
  if (request.method === 'POST' && request.url === '/rotate') {
    generation += 1;
    handle = (await provider(generation)).callback();
    response.end();
    return;
  }
  handle(request, response);
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
