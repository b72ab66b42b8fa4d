// A real OpenID Connect provider for tests: node provider.mjs PORT REDIRECT_URI
// Anyone may sign in under any name; NAME+GROUP, ... gives groups ("kim+crowd-operators").
// Says "ready" on standard output when it listens on loopback.
import { once } from "node:events";
import http from "node:http";

import Provider from "oidc-provider";

const [port, redirect] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "plainview",
      client_secret: "a secret of the tests: 1 + 1 / 2",
      redirect_uris: [redirect],
      post_logout_redirect_uris: [redirect.replace("/login/callback", "/login?left=1")],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_basic",
    },
  ],
  claims: { openid: ["sub"], profile: ["name", "groups"] },
  // "id-token": the ID token names the groups; otherwise only the userinfo endpoint does.
  conformIdTokenClaims: process.env.GROUPS_IN !== "id-token",
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, id) => {
    const [name, ...groups] = id.split("+");
    return { accountId: id, claims: () => ({ sub: id, name: `${name} of the tests`, groups }) };
  },
  pkce: { required: () => true },
  ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
});

const server = http.createServer(provider.callback());
server.listen(Number(port), "127.0.0.1");
await once(server, "listening");
console.log("ready");
