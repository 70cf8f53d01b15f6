// What the official SDK makes of what is empty, of the address book, and of clearing tags.
import { authenticate } from '@commercelayer/js-auth'
import { CommerceLayer } from '@commercelayer/sdk/bundle'

const domain = process.env.DOMAIN
const { SALES_CHANNEL, INTEGRATION, SECRET, EMAIL, PASSWORD } = process.env
const shopper = await authenticate('password', {
  clientId: SALES_CHANNEL,
  username: EMAIL,
  password: PASSWORD,
  scope: 'market:code:demo',
  domain
})
const back = await authenticate('client_credentials', { clientId: INTEGRATION, clientSecret: SECRET, domain })
const cl = CommerceLayer({ organization: 'demo', accessToken: shopper.accessToken, domain })
const office = CommerceLayer({ organization: 'demo', accessToken: back.accessToken, domain })

const made = await cl.orders.create({})
await cl.line_items.create({ sku_code: 'FIELD-GUIDE', quantity: 1, order: cl.orders.relationship(made.id) })
const address = await cl.addresses.create({
  first_name: 'Ada',
  last_name: 'Rossi',
  line_1: 'Via Garibaldi 12',
  city: 'Torino',
  zip_code: '10122',
  state_code: 'TO',
  country_code: 'IT',
  phone: '1'
})
await cl.orders.update({
  id: made.id,
  billing_address: cl.addresses.relationship(address.id),
  _shipping_address_same_as_billing: true
})
await cl.orders.update({ id: made.id, _save_billing_address_to_customer_address_book: true })
await cl.orders.update({ id: made.id, _save_shipping_address_to_customer_address_book: true })
const order = await cl.orders.retrieve(made.id, {
  include: [
    'shipments.available_shipping_methods',
    'shipments.stock_line_items.line_item',
    'line_items.line_item_options.sku_option',
    'line_items.item',
    'payment_source',
    'customer.customer_addresses.address'
  ]
})
const book = await cl.customer_addresses.list({ include: ['address'], pageSize: 10, pageNumber: 1 })
const cleared = { id: order.customer.id, tags: [{ type: 'tags', id: null }], customer_group: { type: 'customer_groups', id: null } }
const tagged = await office.customers.update(cleared, { include: ['tags'] })
const customer = await office.customers.retrieve(order.customer.id, { include: ['customer_group', 'attachments'] })
const found = await office.customers.list({
  filters: { email_or_reference_start: 'customer', password_present: true, customer_group_null: true }
})

console.log(
  JSON.stringify({
    shipments: order.shipments,
    options: order.line_items[0].line_item_options,
    source: order.payment_source,
    returns: order.returns === undefined,
    addresses: order.customer.customer_addresses.length,
    book: book.map((one) => [one.name, one.address.reference === one.id]),
    lead_times: (await cl.delivery_lead_times.list({ include: ['shipping_method'] })).meta.recordCount,
    tags: tagged.tags,
    group: customer.customer_group,
    attachments: customer.attachments,
    found: found.length
  })
)
