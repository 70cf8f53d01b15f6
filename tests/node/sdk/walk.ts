// Sets a shop up, with the back office's token: each type that is sold and sent with is made, read, listed by its own
// filter and order, changed and deleted as the SDK's types have it.
import { deepEqual } from 'node:assert/strict'
import type {
  ListResponse,
  QueryFilter,
  QueryParamsList,
  QuerySort,
  Resource,
  ResourceUpdate
} from '@commercelayer/sdk'
import type { Client } from './callers'

interface Kind<R extends Resource, C, U> {
  type(): string
  create(given: C): Promise<R>
  retrieve(id: string): Promise<R>
  update(changed: U): Promise<R>
  list(params?: QueryParamsList<R>): Promise<ListResponse<R>>
  delete(id: string): Promise<void>
}

interface Way<R extends Resource, C, U> {
  /** What the first and the second record are made with. */
  given: (at: 1 | 2) => C
  /** What has the second one come first. */
  sort: QuerySort<R>
  /** What the first one is changed to. */
  changed: Omit<U, 'id'>
  /** What finds only the first one, once it is changed. */
  filters: QueryFilter
  /** The second one is needed later. */
  keep?: boolean
}

/** What is written to a record: its own attributes, without triggers and relationships. */
function attributes(given: object): [string, unknown][] {
  return Object.entries(given).filter(([name, value]) => !name.startsWith('_') && !value?.type && !value?.[0]?.type)
}

function reads(record: object, given: object): void {
  const told = Object.fromEntries(attributes(given))
  const found = Object.fromEntries(Object.entries(record).filter(([name]) => name in told))
  deepEqual(found, told)
}

function ids(list: Iterable<Resource>): string[] {
  return [...list].map(({ id }) => id)
}

const walked: string[] = []

async function walk<R extends Resource, C extends object, U extends ResourceUpdate>(
  kind: Kind<R, C, U>,
  { given, sort, changed, filters, keep = false }: Way<R, C, U>
): Promise<[R, R]> {
  const type = kind.type()
  walked.push(type)
  const ours = { reference_start: `${type}/` }
  const [wanted, other] = ([1, 2] as const).map((at) => ({ ...given(at), reference: `${type}/${at}` }))
  const first = await kind.create(wanted)
  const second = await kind.create(other)
  reads(await kind.retrieve(first.id), wanted)
  reads(second, other)
  const listed = await kind.list({ filters: ours, sort, pageSize: 25 })
  deepEqual([ids(listed), listed.recordCount, listed.pageCount], [[second.id, first.id], 2, 1], type)
  deepEqual(ids(await kind.list({ filters: ours, sort, pageSize: 1, pageNumber: 2 })), [first.id], type)
  const change = { ...changed, id: first.id } as U
  reads(await kind.update(change), changed)
  reads(await kind.retrieve(first.id), changed)
  deepEqual(ids(await kind.list({ filters: { ...ours, ...filters } })), [first.id], type)
  if (!keep) {
    await kind.delete(second.id)
    deepEqual(ids(await kind.list({ filters: ours })), [first.id], type)
  }
  return [await kind.retrieve(first.id), second]
}

const TURIN = {
  business: true,
  company: 'The Lamp Company',
  line_1: 'Via Po 1',
  city: 'Torino',
  zip_code: '10123',
  state_code: 'TO',
  country_code: 'IT',
  phone: '+39 011 1111111'
}

async function places(cl: Client) {
  const address = await cl.addresses.create(TURIN)
  const locations = await walk(cl.stock_locations, {
    given: (at) => ({ name: `Warehouse ${at}`, code: `post-${at}`, address }),
    sort: ['-code'],
    changed: { label_format: 'ZPL' },
    filters: { label_format_eq: 'ZPL' },
    keep: true
  })
  const [model] = await walk(cl.inventory_models, {
    given: (at) => ({ name: `Model ${at}`, strategy: 'split_shipments' }),
    sort: { name: 'desc' },
    changed: { stock_locations_cutoff: 2 },
    filters: { name_eq: 'Model 1' }
  })
  const from = await walk(cl.inventory_stock_locations, {
    given: (at) => ({ priority: at, stock_location: locations[at - 1], inventory_model: model }),
    sort: ['-priority'],
    changed: { on_hold: false },
    filters: { priority_lt: 2 },
    keep: true
  })
  await walk(cl.inventory_return_locations, {
    given: (at) => ({ priority: at, stock_location: locations[at - 1], inventory_model: model }),
    sort: ['-priority'],
    changed: { priority: 3 },
    filters: { priority_eq: 3 }
  })
  const [box] = await walk(cl.packages, {
    given: (at) => ({
      name: `Box ${at}`,
      code: `box-${at}`,
      length: 20 * at,
      width: 30,
      height: 12.5,
      unit_of_length: 'cm',
      stock_location: locations[0]
    }),
    sort: { length: 'desc' },
    changed: { width: 31.5 },
    filters: { width_gt: 31, name_start: 'Box' }
  })
  return { locations, model, from, box }
}

async function sending(cl: Client, { locations, model }: Awaited<ReturnType<typeof places>>) {
  const demo = (await cl.markets.list({ filters: { code_eq: 'demo' }, include: ['merchant', 'price_list'] })).first()
  const { merchant, price_list: prices } = demo ?? {}
  if (!merchant || !prices) throw Error('the demo has no market')
  const market = await cl.markets.create({
    name: 'Post',
    code: 'post',
    merchant,
    price_list: prices,
    inventory_model: model
  })
  const gateway = (await cl.stripe_gateways.list()).first()
  if (!gateway) throw Error('the demo has no gateway')
  await cl.payment_methods.create({
    payment_source_type: 'stripe_payments',
    price_amount_cents: 0,
    market,
    payment_gateway: cl.payment_gateways.relationship(gateway.id)
  })
  const [zone] = await walk(cl.shipping_zones, {
    given: (at) => ({ name: `Zone ${at}`, country_code_regex: 'IT' }),
    sort: ['-name'],
    changed: { not_zip_code_regex: '00120' },
    filters: { name_eq: 'Zone 1' }
  })
  const methods = await walk(cl.shipping_methods, {
    given: (at) => ({
      name: `Post ${at}`,
      scheme: 'flat' as const,
      currency_code: 'EUR',
      price_amount_cents: 500 * (at - 1),
      market,
      shipping_zone: zone
    }),
    sort: { price_amount_cents: 'desc' },
    changed: { max_weight: 30000, unit_of_weight: 'gr' },
    filters: { price_amount_cents_lt: 500, market_code_eq: 'post' },
    keep: true
  })
  const freight = await cl.shipping_methods.create({
    name: 'Freight',
    scheme: 'weight_tiered',
    price_amount_cents: 0,
    market,
    shipping_zone: zone
  })
  await walk(cl.shipping_weight_tiers, {
    given: (at) => ({ name: `Up to ${at}`, up_to: 1000 * at, price_amount_cents: 1500 * at, shipping_method: freight }),
    sort: ['-up_to'],
    changed: { price_amount_cents: 1200, name: 'Light' },
    filters: { name_eq: 'Light', shipping_method_id_eq: freight.id }
  })
  const tiers = await cl.shipping_method_tiers.list({ filters: { shipping_method_id_eq: freight.id } })
  deepEqual(
    [...tiers].map(({ type, name, price_amount_cents }) => [type, name, price_amount_cents]),
    [['shipping_weight_tiers', 'Light', 1200]]
  )
  await walk(cl.delivery_lead_times, {
    given: (at) => ({
      min_hours: 24 * at,
      max_hours: 48 * at,
      stock_location: locations[at - 1],
      shipping_method: methods[1]
    }),
    sort: { max_hours: 'desc' },
    changed: { min_hours: 12 },
    filters: { min_hours_lt: 24 },
    keep: true
  })
  return { market, prices, methods }
}

async function goods(
  cl: Client,
  { locations }: Awaited<ReturnType<typeof places>>,
  { market, prices }: Awaited<ReturnType<typeof sending>>
) {
  const [category] = await walk(cl.shipping_categories, {
    given: (at) => ({ name: `Fragile ${at}`, code: `fragile-${at}` }),
    sort: ['-code'],
    changed: { name: 'Fragile' },
    filters: { name_eq: 'Fragile' }
  })
  const skus = await walk(cl.skus, {
    given: (at) => ({
      code: at === 1 ? 'POST-LAMP' : 'POST-VASE',
      name: at === 1 ? 'Lamp' : 'Vase',
      image_url: `https://img.example.com/${at}.png`,
      weight: 400,
      unit_of_weight: 'gr' as const,
      shipping_category: category
    }),
    sort: ['-code'],
    changed: { description: 'A lamp of glass' },
    filters: { description_cont: 'glass', shipping_category_code_eq: 'fragile-1' },
    keep: true
  })
  const priced = await walk(cl.prices, {
    given: (at) => ({ amount_cents: 3000 * at, price_list: prices, sku: skus[at - 1] }),
    sort: { amount_cents: 'desc' },
    changed: { compare_at_amount_cents: 3500 },
    filters: { sku_code_eq: 'POST-LAMP' },
    keep: true
  })
  await walk(cl.price_volume_tiers, {
    given: (at) => ({ name: `Up to ${at}`, up_to: 10 * at, price_amount_cents: 5900 - at, price: priced[1] }),
    sort: ['-up_to'],
    changed: { price_amount_cents: 5500 },
    filters: { price_amount_cents_eq: 5500 }
  })
  await walk(cl.price_frequency_tiers, {
    given: (at) => ({ name: `Each ${at}`, up_to: 30 * at, price_amount_cents: 2900, price: priced[0] }),
    sort: { up_to: 'desc' },
    changed: { name: 'Monthly' },
    filters: { name_eq: 'Monthly' }
  })
  deepEqual(
    [...(await cl.price_tiers.list({ sort: ['name'] }))].map(({ type, name }) => [type, name]),
    [
      ['price_frequency_tiers', 'Monthly'],
      ['price_volume_tiers', 'Up to 1']
    ]
  )
  await walk(cl.price_list_schedulers, {
    given: (at) => ({
      name: `Sale ${at}`,
      starts_at: `209${at}-01-01T00:00:00.000Z`,
      expires_at: `209${at}-02-01T00:00:00.000Z`,
      market,
      price_list: prices
    }),
    sort: ['-starts_at'],
    changed: { name: 'Sale' },
    filters: { name_eq: 'Sale' }
  })
  await walk(cl.stock_items, {
    given: (at) => ({ quantity: 6 + at, sku: skus[at - 1], stock_location: locations[at - 1] }),
    sort: { quantity: 'desc' },
    changed: { quantity: 7 },
    filters: { quantity_lteq: 7, sku_code_eq: 'POST-LAMP' },
    keep: true
  })
  const [engraving] = await walk(cl.sku_options, {
    given: (at) => ({
      name: `Engraving ${at}`,
      currency_code: 'EUR',
      price_amount_cents: 250 * at,
      sku_code_regex: '^POST-LAMP$',
      market
    }),
    sort: ['-name'],
    changed: { delay_hours: 24 },
    filters: { delay_hours_eq: 24 }
  })
  const [list] = await walk(cl.sku_lists, {
    given: (at) => ({ name: `Set ${at}`, description: 'Lamp and vases', manual: true }),
    sort: { name: 'desc' },
    changed: { description: 'A lamp and two vases' },
    filters: { description_cont: 'two' }
  })
  await walk(cl.sku_list_items, {
    given: (at) => ({ position: at, quantity: at, sku_list: list, sku: skus[at - 1] }),
    sort: ['-position'],
    changed: { position: 0 },
    filters: { position_eq: 0, sku_list_id_eq: list.id },
    keep: true
  })
  const [set] = await walk(cl.bundles, {
    given: (at) => ({
      code: `POST-SET-${at}`,
      name: `Set ${at}`,
      currency_code: 'EUR',
      price_amount_cents: 9000 * at,
      market,
      sku_list: list
    }),
    sort: ['-code'],
    changed: { image_url: 'https://img.example.com/set.png' },
    filters: { code_eq: 'POST-SET-1' }
  })
  return { skus, engraving, set }
}

async function attached(cl: Client, [lamp, vase]: Awaited<ReturnType<typeof goods>>['skus'], market: { id: string }) {
  const tags = await walk(cl.tags, {
    given: (at) => ({ name: `glass-${at}` }),
    sort: ['-name'],
    changed: { name: 'glass' },
    filters: { name_eq: 'glass' },
    keep: true
  })
  const tagged = await cl.skus.update({ id: lamp.id, tags: [...tags] }, { include: ['tags'] })
  deepEqual(tagged.tags?.map(({ name }) => name).sort(), ['glass', 'glass-2'])
  deepEqual(ids(await cl.skus.list({ filters: { tags_name_in: 'glass-2' } })), [lamp.id])
  await walk(cl.attachments, {
    given: (at) => ({ name: `Leaflet ${at}`, url: `https://img.example.com/${at}.pdf`, attachable: vase }),
    sort: ['-name'],
    changed: { description: 'How to wash it' },
    filters: { description_cont: 'wash' }
  })
  const bearer = await cl.skus.retrieve(vase.id, { include: ['attachments', 'tags', 'links'] })
  deepEqual([bearer.attachments?.map(({ name }) => name), bearer.tags, bearer.links], [['Leaflet 1'], [], []])
  await walk(cl.links, {
    given: (at) => ({ name: `Link ${at}`, client_id: process.env.SALES_CHANNEL, scope: 'market:code:post', item: lamp }),
    sort: { name: 'desc' },
    changed: { params: { lang: 'it' } },
    filters: { name_eq: 'Link 1' }
  })
  await walk(cl.customer_groups, {
    given: (at) => ({ name: `Group ${at}`, code: `group-${at}` }),
    sort: ['-code'],
    changed: { name: 'Friends' },
    filters: { name_eq: 'Friends' }
  })
  await walk(cl.stores, {
    given: (at) => ({ name: `Store ${at}`, code: `store-${at}`, market: cl.markets.relationship(market.id) }),
    sort: ['-code'],
    changed: { name: 'Corner store' },
    filters: { code_eq: 'store-1' }
  })
  await walk(cl.adjustments, {
    given: (at) => ({ name: `Thanks ${at}`, currency_code: 'EUR', amount_cents: -100 * at }),
    sort: ['-name'],
    changed: { amount_cents: -150 },
    filters: { amount_cents_eq: -150 }
  })
}

/** Shipments are made by hand only for an order that is being sent. */
async function sent(
  cl: Client,
  { from, box }: Awaited<ReturnType<typeof places>>,
  { market, methods }: Awaited<ReturnType<typeof sending>>,
  { skus, engraving }: Awaited<ReturnType<typeof goods>>
) {
  const address = await cl.addresses.create(TURIN)
  const { id } = await cl.orders.create({ market, customer_email: 'walk@example.com', billing_address: address })
  const order = cl.orders.relationship(id)
  const line = await cl.line_items.create({ sku_code: 'POST-LAMP', quantity: 2, unit_amount_cents: 0, order })
  await walk(cl.line_item_options, {
    given: (at) => ({ quantity: at, unit_amount_cents: 0, options: { text: 'Ada' }, sku_option: engraving, line_item: line }),
    sort: ['-quantity'],
    changed: { options: { text: 'Ada R.' } },
    filters: { quantity_eq: 1 }
  })
  const ready = await cl.orders.update({ id, _shipping_address_same_as_billing: true }, { include: ['shipments'] })
  deepEqual([ready.shipments?.length, ready.total_amount_with_taxes_cents], [1, 0])
  for (const shipment of ready.shipments ?? []) {
    await cl.shipments.update({ id: shipment.id, shipping_method: methods[0] })
  }
  deepEqual((await cl.orders.update({ id, _place: true })).payment_status, 'free')
  deepEqual((await cl.orders.update({ id, _approve: true })).fulfillment_status, 'in_progress')
  const [shipment] = await walk(cl.shipments, {
    given: () => ({ order, inventory_stock_location: from[0] }),
    sort: ['-number'],
    changed: { _on_hold: true },
    filters: { status_eq: 'on_hold' }
  })
  const [piece] = await walk(cl.stock_line_items, {
    given: (at) => ({ quantity: 3 + at, shipment, sku: skus[0] }),
    sort: ['-quantity'],
    changed: { quantity: 3 },
    filters: { quantity_eq: 3 }
  })
  const [parcel] = await walk(cl.parcels, {
    given: (at) => ({ weight: 800.5 * at, unit_of_weight: 'gr' as const, shipment, package: box }),
    sort: { weight: 'desc' },
    changed: {
      tracking_number: '1Z4V2A',
      tracking_status: 'in_transit',
      tracking_details: [{ message: 'Left the hub', status: 'in_transit', datetime: '2026-02-27T16:02:17Z' }]
    },
    filters: { tracking_number_eq: '1Z4V2A', package_code_eq: 'box-1' }
  })
  await walk(cl.parcel_line_items, {
    given: (at) => ({ quantity: at, parcel, stock_line_item: piece }),
    sort: ['-quantity'],
    changed: { metadata: { wrapped: true } },
    filters: { quantity_eq: 1 }
  })
  const read = await cl.shipments.retrieve(shipment.id, {
    include: ['parcels.parcel_line_items', 'parcels.package', 'stock_line_items.sku', 'stock_location', 'origin_address']
  })
  deepEqual(
    [
      read.status,
      read.parcels?.map((one) => [one.number, one.package?.code, one.parcel_line_items?.map((held) => held.sku_code)]),
      read.stock_line_items?.map((one) => [one.quantity, one.sku?.code, one.name]),
      read.stock_location?.code,
      read.origin_address?.city
    ],
    ['on_hold', [[`${read.number}/P/001`, 'box-1', ['POST-LAMP']]], [[3, 'POST-LAMP', 'Lamp']], 'post-1', 'Torino']
  )
}

/** Vases go from their warehouse to the lamps', and are in stock there. */
async function moved(cl: Client, locations: Awaited<ReturnType<typeof places>>['locations'], vase: { id: string }) {
  const sku = cl.skus.relationship(vase.id)
  const [transfer] = await walk(cl.stock_transfers, {
    given: (at) => ({
      quantity: at,
      sku,
      origin_stock_location: locations[1],
      destination_stock_location: locations[0]
    }),
    sort: { quantity: 'desc' },
    changed: { quantity: 5 },
    filters: { quantity_eq: 5, status_eq: 'draft' }
  })
  const moves = ['_upcoming', '_picking', '_in_transit', '_complete'] as const
  for (const move of moves) await cl.stock_transfers.update({ id: transfer.id, [move]: true })
  const items = await cl.stock_items.list({
    filters: { sku_id_eq: vase.id },
    include: ['stock_location'],
    sort: ['created_at']
  })
  deepEqual(
    [...items].map((item) => [item.stock_location?.code, item.quantity]),
    [
      ['post-2', 3],
      ['post-1', 5]
    ]
  )
  // Afterwards vases lie in one warehouse and lamps in the other.
  const here = items.last()
  if (here) await cl.stock_items.delete(here.id)
}

export async function setUp(cl: Client) {
  const there = await places(cl)
  const by = await sending(cl, there)
  const sold = await goods(cl, there, by)
  await attached(cl, sold.skus, by.market)
  await sent(cl, there, by, sold)
  await moved(cl, there.locations, sold.skus[1])
  return { walked, ...there, ...by, ...sold }
}
