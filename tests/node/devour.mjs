// What devour makes of the API: reading, creating, changing, including, filtering, pages, errors and removing.
import JsonApi from 'devour-client'

const { SERVER, TOKEN } = process.env
const api = new JsonApi({ apiUrl: `${SERVER}/api`, bearer: TOKEN, logger: false, pluralize: false })
const slashed = new JsonApi({ apiUrl: `${SERVER}/api`, bearer: TOKEN, logger: false, pluralize: false, trailingSlash: true })
for (const client of [api, slashed]) {
  client.define('skus', { code: '', name: '' })
  client.define('markets', { name: '', code: '' })
  client.define('addresses', { first_name: '', last_name: '', line_1: '', city: '', zip_code: '', state_code: '', country_code: '', phone: '' })
  client.define('line_items', { sku_code: '', quantity: '', order: { jsonApi: 'hasOne', type: 'orders' }, item: { jsonApi: 'hasOne', type: 'skus' } })
  client.define('orders', {
    status: '',
    customer_email: '',
    metadata: '',
    total_amount_cents: '',
    market: { jsonApi: 'hasOne', type: 'markets' },
    billing_address: { jsonApi: 'hasOne', type: 'addresses' },
    line_items: { jsonApi: 'hasMany', type: 'line_items' }
  }, { readOnly: ['status', 'total_amount_cents', 'line_items'] })
}
const failed = async (asked) => {
  try {
    await asked
    return 'nothing'
  } catch (errors) {
    return errors
  }
}

const [guide] = (await api.findAll('skus', { filter: { q: { code_eq: 'FIELD-GUIDE' } } })).data
const [market] = (await slashed.findAll('markets', { filter: { q: { code_in: ['demo', 'other'].join(',') } } })).data
const made = (await api.create('orders', { metadata: { by: 'devour' }, market: { id: market.id } })).data
const line = (await slashed.create('line_items', { sku_code: guide.code, quantity: 2, order: { id: made.id } })).data
const changed = (await api.update('orders', { id: made.id, customer_email: 'devour@example.com' })).data
const cleared = (await api.update('orders', { id: made.id, billing_address: null })).data
const read = (await api.find('orders', made.id, { include: 'line_items.item,market,billing_address' })).data
const again = (await api.update('orders', { ...read, customer_email: 'again@example.com' })).data
const related = await api.one('orders', made.id).all('line_items').get()
const page = await api.findAll('skus', { sort: 'code', page: { size: 1, number: 2 }, fields: { skus: 'code' } })
const address = (
  await api.create('addresses', {
    first_name: 'Ada', last_name: 'Rossi', line_1: 'Via Roma 1', city: 'Torino', zip_code: '10122', state_code: 'TO', country_code: 'IT', phone: '1'
  })
).data
await api.destroy('addresses', address.id)

console.log(
  JSON.stringify({
    guide: [guide.type, guide.name],
    made: [made.type, made.status, made.metadata],
    line: [line.quantity, line.order],
    changed: changed.customer_email,
    cleared: cleared.id === made.id,
    total: read.total_amount_cents,
    lines: read.line_items.map((line) => [line.quantity, line.item.code]),
    market: read.market.name,
    address: read.billing_address,
    again: [again.customer_email, again.id === read.id],
    related: related.data.map((line) => line.sku_code),
    page: [page.data.map((sku) => sku.code), page.meta, Object.keys(page.links)],
    removed: await failed(api.find('addresses', address.id)),
    wrong: await failed(api.create('orders', { market: { id: 'nonexistent' } })),
    unknown: await failed(api.findAll('orders', { filter: { q: { nonsense_eq: 1 } } }))
  })
)
