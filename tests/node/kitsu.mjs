// What kitsu makes of the API: reading, creating, changing, including, filtering, pages, errors and removing.
import Kitsu from 'kitsu'

const { SERVER, TOKEN } = process.env
// Names of types and ids are as they stand: kitsu would write them with dashes.
const api = new Kitsu({
  baseURL: `${SERVER}/api`,
  headers: { Authorization: `Bearer ${TOKEN}` },
  resourceCase: 'none',
  camelCaseTypes: false,
  pluralize: false
})
const failed = async (asked) => {
  try {
    await asked
    return 'nothing'
  } catch (error) {
    return [error.response.status, error.errors.map(({ code, source }) => [code, source?.pointer ?? source?.parameter])]
  }
}

const guide = (await api.get('skus', { params: { filter: { q: { code_eq: 'FIELD-GUIDE' } } } })).data[0]
const market = (await api.get('markets', { params: { filter: { q: { code_eq: 'demo' } } } })).data[0]
const order = (await api.create('orders', { metadata: { by: 'kitsu' }, market: { data: { type: 'markets', id: market.id } } })).data
await api.create('line_items', {
  sku_code: guide.code,
  quantity: 2,
  order: { data: { type: 'orders', id: order.id } }
})
const changed = await api.update('orders', { id: order.id, customer_email: 'kitsu@example.com' })
const cleared = await api.update('orders', { id: order.id, billing_address: { data: null } })
const read = await api.get(`orders/${order.id}`, { params: { include: 'line_items.item,market,billing_address' } })
const lines = await api.get(`orders/${order.id}/line_items`)
const linkage = await api.get(`orders/${order.id}/relationships/market`)
const page = await api.get('skus', { params: { sort: 'code', page: { size: 1, number: 2 }, fields: { skus: 'code' } } })
const address = (
  await api.create('addresses', {
    first_name: 'Ada', last_name: 'Rossi', line_1: 'Via Roma 1', city: 'Torino', zip_code: '10122', state_code: 'TO', country_code: 'IT', phone: '1'
  })
).data
const removed = await api.remove('addresses', address.id)

console.log(
  JSON.stringify({
    guide: [guide.type, guide.name],
    made: [order.type, order.status, order.metadata, order.market.data ?? null],
    changed: [changed.status, changed.data.customer_email],
    cleared: cleared.status,
    total: read.data.total_amount_cents,
    lines: read.data.line_items.data.map((line) => [line.quantity, line.item.data.code]),
    market: read.data.market.data.name,
    address: read.data.billing_address.data,
    related: lines.data.map((line) => line.sku_code),
    linkage: [linkage.data.type, linkage.data.id === market.id],
    page: [page.data.map((sku) => sku.code), page.meta.record_count, page.meta.page_count, Object.keys(page.links)],
    removed: [removed.status, await failed(api.get(`addresses/${address.id}`))],
    wrong: await failed(api.create('orders', { market: { data: { type: 'markets', id: 'nonexistent' } } })),
    unknown: await failed(api.get('orders', { params: { filter: { q: { nonsense_eq: 1 } } } }))
  })
)
