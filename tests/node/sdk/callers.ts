// Who asks in these scripts: the back office, guests, customers, and Stripe.js in a shopper's browser.
import { authenticate } from '@commercelayer/js-auth'
import type { ApiError } from '@commercelayer/sdk'
import { CommerceLayer } from '@commercelayer/sdk/bundle'

const domain = process.env.DOMAIN
const { SALES_CHANNEL, INTEGRATION, SECRET, STRIPE } = process.env

export type Client = ReturnType<typeof CommerceLayer>

function client(accessToken: string): Client {
  return CommerceLayer({ organization: 'demo', accessToken, domain, timeout: 120_000 })
}

export async function office(): Promise<Client> {
  const { accessToken } = await authenticate('client_credentials', { clientId: INTEGRATION, clientSecret: SECRET, domain })
  return client(accessToken)
}

export async function guest(market: string): Promise<Client> {
  const scope = `market:code:${market}`
  return client((await authenticate('client_credentials', { clientId: SALES_CHANNEL, scope, domain })).accessToken)
}

export async function customer(market: string, username: string, password: string): Promise<Client> {
  const given = { clientId: SALES_CHANNEL, username, password, scope: `market:code:${market}`, domain }
  return client((await authenticate('password', given)).accessToken)
}

interface Payment {
  client_secret?: string | null
  publishable_key?: string | null
}

interface Intent {
  status?: string
  next_action?: { redirect_to_url: { url: string } }
  error?: { message: string }
}

/** What Stripe.js does with a card that a shopper typed in. */
export async function confirm(payment: Payment, card: string): Promise<Intent> {
  const secret = String(payment.client_secret)
  const answer = await fetch(`${STRIPE}/v1/payment_intents/${secret.split('_secret_')[0]}/confirm`, {
    method: 'POST',
    headers: { authorization: `Bearer ${payment.publishable_key}` },
    body: new URLSearchParams({ client_secret: secret, return_url: 'https://shop.example.com/back', payment_method: card })
  })
  return answer.json()
}

/** The shopper agrees on the bank's page. */
export async function agree(intent: Intent): Promise<number> {
  const page = String(intent.next_action?.redirect_to_url.url)
  const body = new URLSearchParams({ decision: 'complete' })
  return (await fetch(page, { method: 'POST', body, redirect: 'manual' })).status
}

/** The status, pointers and rules of a refusal. */
export async function refused(asked: Promise<unknown>): Promise<unknown[]> {
  const error = await asked.then(
    () => undefined,
    (told: ApiError) => told
  )
  return [error?.status, ...(error?.errors ?? []).map((one) => [one.source?.pointer, one.meta?.error])]
}

/** The first answer that is one, of what is asked again and again. */
export async function until<T>(asked: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 120_000
  while (Date.now() < end) {
    const answer = await asked()
    if (answer !== undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw Error('it never came')
}
