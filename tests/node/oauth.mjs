// What openid-client, which sets itself up by the server's metadata, makes of every grant.
import * as client from 'openid-client'

const { SALES_CHANNEL, INTEGRATION, INTEGRATION_SECRET, WEBAPP, WEBAPP_SECRET, REDIRECT, EMAIL, PASSWORD } = process.env
const server = new URL(process.env.SERVER)
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

const discovered = (id, authentication, algorithm) =>
  client.discovery(server, id, undefined, authentication, { algorithm, execute: [client.allowInsecureRequests] })
const failed = async (asked) => {
  try {
    await asked
    return 'nothing'
  } catch (error) {
    return error.error ?? error.cause.map(({ scheme, parameters }) => [scheme, parameters.error ?? parameters.realm])
  }
}
const whose = async (config, token) => {
  const url = new URL('/oauth/tokeninfo', server)
  const answer = await client.fetchProtectedResource(config, token.access_token, url, 'GET')
  return (await answer.json()).owner?.type ?? null
}

const shop = await discovered(SALES_CHANNEL, client.None(), 'oidc')
const back = await discovered(INTEGRATION, client.ClientSecretBasic(INTEGRATION_SECRET), 'oauth2')
const posting = await discovered(INTEGRATION, client.ClientSecretPost(INTEGRATION_SECRET), 'oauth2')
const office = await discovered(WEBAPP, client.ClientSecretBasic(WEBAPP_SECRET), 'oauth2')
const wrong = await discovered(INTEGRATION, client.ClientSecretBasic('wrong'), 'oauth2')

const guest = await client.clientCredentialsGrant(shop, { scope: 'market:code:demo' })
const customer = await client.genericGrantRequest(shop, 'password', { username: EMAIL, password: PASSWORD })
const again = await client.refreshTokenGrant(shop, customer.refresh_token)
const machine = await client.clientCredentialsGrant(back)

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const page = client.buildAuthorizationUrl(office, {
  redirect_uri: REDIRECT,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256'
})
const sent = await fetch(page, { redirect: 'manual' })
const user = await client.authorizationCodeGrant(office, new URL(sent.headers.get('location')), {
  pkceCodeVerifier: verifier,
  expectedState: state
})

const claims = { 'https://commercelayer.io/claims': { owner: { type: 'Customer', id: customer.owner_id } }, iat: 1 }
const parts = [{ alg: 'HS512' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
const asserted = await client.genericGrantRequest(back, jwtBearer, { assertion: `${parts.join('.')}.x` })

const owners = []
for (const [config, token] of [
  [shop, guest],
  [shop, customer],
  [shop, again],
  [back, machine],
  [back, await client.clientCredentialsGrant(posting)],
  [office, user],
  [office, await client.refreshTokenGrant(office, user.refresh_token)],
  [back, asserted]
]) {
  owners.push(await whose(config, token))
}
await client.tokenRevocation(back, machine.access_token)

console.log(
  JSON.stringify({
    issuers: [shop, back].map((config) => config.serverMetadata().issuer),
    scope: guest.scope,
    owners,
    revoked: await failed(whose(back, machine)),
    wrong: await failed(client.clientCredentialsGrant(wrong)),
    kind: await failed(client.clientCredentialsGrant(office)),
    password: await failed(client.genericGrantRequest(shop, 'password', { username: EMAIL, password: 'wrong' }))
  })
)
