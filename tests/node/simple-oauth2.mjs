// What simple-oauth2 makes of the grants it knows, of refreshing and of revoking, by its defaults (HTTP Basic).
import oauth from 'simple-oauth2'

const { SERVER, SALES_CHANNEL, INTEGRATION, INTEGRATION_SECRET, WEBAPP, WEBAPP_SECRET, REDIRECT, EMAIL, PASSWORD } = process.env
const auth = { tokenHost: SERVER }
const back = { id: INTEGRATION, secret: INTEGRATION_SECRET }
const office = { id: WEBAPP, secret: WEBAPP_SECRET }
const shop = { id: SALES_CHANNEL, secret: '' }
const failed = async (asked) => {
  try {
    await asked
    return 'nothing'
  } catch (error) {
    return [error.output.statusCode, error.data.payload.error]
  }
}
const whose = async ({ token }) => {
  const answer = await fetch(`${SERVER}/oauth/tokeninfo`, { headers: { authorization: `Bearer ${token.access_token}` } })
  return answer.status === 200 ? ((await answer.json()).owner?.type ?? null) : answer.status
}

const machine = await new oauth.ClientCredentials({ client: back, auth }).getToken({})
const posting = { client: back, auth, options: { authorizationMethod: 'body', bodyFormat: 'json' } }
const posted = await new oauth.ClientCredentials(posting).getToken({ scope: ['market:all'] })
const password = new oauth.ResourceOwnerPassword({ client: shop, auth })
const customer = await password.getToken({ username: EMAIL, password: PASSWORD, scope: 'market:code:demo' })
const again = await customer.refresh()
const code = new oauth.AuthorizationCode({ client: office, auth })
const page = code.authorizeURL({ redirect_uri: REDIRECT, state: 'ours' })
const sent = new URL((await fetch(page, { redirect: 'manual' })).headers.get('location'))
const user = await code.getToken({ code: sent.searchParams.get('code'), redirect_uri: REDIRECT })
const later = await user.refresh()
const owners = await Promise.all([machine, posted, customer, again, user, later].map(whose))
await machine.revoke('access_token')
await later.revokeAll()

console.log(
  JSON.stringify({
    state: sent.searchParams.get('state'),
    expired: machine.expired(),
    scope: again.token.scope,
    owners,
    revoked: [await whose(machine), await whose(later), await failed(later.refresh())],
    wrong: await failed(new oauth.ClientCredentials({ client: { ...back, secret: 'wrong' }, auth }).getToken({})),
    password: await failed(password.getToken({ username: EMAIL, password: 'wrong' }))
  })
)
