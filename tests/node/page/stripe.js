// Stands in for Stripe.js in the page of a test, for as much of it as the official components call. It draws a field for
// the card, and speaks with the Stripe sandbox the way a browser speaks with Stripe: with the publishable key and the
// intent's client secret. `?stripe` of the page is the sandbox's address.
const STRIPE = new URLSearchParams(location.search).get('stripe')
const CARDS = {
  '4242424242424242': 'pm_card_visa',
  '4000000000000002': 'pm_card_chargeDeclined',
  '4000000000003220': 'pm_card_threeDSecure2Required'
}

window.Stripe = (key) => {
  const ask = async (method, path, form) => {
    const query = new URLSearchParams(form)
    const request = { method, headers: { authorization: `Bearer ${key}` }, body: method === 'POST' ? query : undefined }
    const answer = await fetch(`${STRIPE}/v1/${path}${method === 'GET' ? `?${query}` : ''}`, request)
    return answer.json()
  }
  // The bank's page is shown beside the checkout, which goes on once the shopper has answered there.
  const throughTheBank = async (intent) => {
    const page = document.createElement('a')
    page.href = intent.next_action.redirect_to_url.url
    page.textContent = "the bank's page"
    document.body.append(page)
    let now = intent
    while (now.status === 'requires_action') {
      await new Promise((resolve) => setTimeout(resolve, 50))
      now = await ask('GET', `payment_intents/${intent.id}`, { client_secret: intent.client_secret })
    }
    page.remove()
    return now
  }
  const intentOf = (secret) => secret.split('_secret_')[0]
  const elements = ({ clientSecret }) => {
    const listeners = {}
    const field = document.createElement('input')
    field.setAttribute('aria-label', 'card number')
    const told = { value: { type: 'card' }, complete: true, empty: false, elementType: 'payment' }
    field.addEventListener('change', () => listeners.change?.forEach((listener) => listener(told)))
    const element = {
      mount(node) {
        node.append(field)
        listeners.ready?.forEach((listener) => listener(told))
      },
      on(name, listener) {
        listeners[name] = [...(listeners[name] ?? []), listener]
        return element
      },
      off: () => element,
      update() {},
      destroy: () => field.remove()
    }
    return { clientSecret, card: () => CARDS[field.value], create: () => element, getElement: () => element, update() {} }
  }
  const missing = (name) => () => {
    throw Error(`${name} is not part of this stand-in`)
  }
  return {
    elements,
    async confirmPayment({ elements: { clientSecret, card }, confirmParams, redirect }) {
      if (redirect !== 'if_required') throw Error('this stand-in does not leave the page')
      if (confirmParams.payment_method_data.billing_details.email === undefined) throw Error('no billing details')
      const form = { client_secret: clientSecret, return_url: confirmParams.return_url, payment_method: card() }
      const answer = await ask('POST', `payment_intents/${intentOf(clientSecret)}/confirm`, form)
      if (answer.error) return { error: answer.error }
      return { paymentIntent: answer.next_action ? await throughTheBank(answer) : answer }
    },
    async retrievePaymentIntent(secret) {
      const answer = await ask('GET', `payment_intents/${intentOf(secret)}`, { client_secret: secret })
      return answer.error ? { error: answer.error } : { paymentIntent: answer }
    },
    registerAppInfo() {},
    _registerWrapper() {},
    createToken: missing('createToken'),
    createPaymentMethod: missing('createPaymentMethod'),
    confirmCardPayment: missing('confirmCardPayment')
  }
}
window.Stripe.version = 'clover'
