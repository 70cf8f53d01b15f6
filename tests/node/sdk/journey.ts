// What shoppers and the back office do in the shop that is set up, and what each reads.
import { deepEqual } from 'node:assert/strict'
import type { Order, OrderUpdate, Shipment } from '@commercelayer/sdk'
import { agree, type Client, confirm, customer, guest, office, refused, until } from './callers'
import { setUp } from './walk'

const ADA = {
  first_name: 'Ada',
  last_name: 'Rossi',
  line_1: 'Via Garibaldi 12',
  city: 'Torino',
  zip_code: '10122',
  state_code: 'TO',
  country_code: 'IT',
  phone: '+39 011 0000000'
}
const WHOLE = [
  'customer',
  'line_items.item',
  'line_items.line_item_options.sku_option',
  'shipments.available_shipping_methods',
  'shipments.shipping_method',
  'shipments.stock_location',
  'shipments.stock_line_items.line_item',
  'shipments.stock_transfers',
  'available_payment_methods',
  'available_customer_payment_sources.payment_source',
  'payment_method',
  'payment_source',
  'shipping_address',
  'billing_address'
]

const back = await office()
const shop = await setUp(back)
const [lamp, vase] = shop.skus

function whole(cl: Client, id: string): Promise<Order> {
  return cl.orders.retrieve(id, { include: WHOLE })
}

function byNumber(order: Order): Shipment[] {
  return [...(order.shipments ?? [])].sort((one, other) => String(one.number).localeCompare(String(other.number)))
}

async function cart(cl: Client, wanted: Record<string, number>): Promise<string> {
  const { id } = await cl.orders.create({})
  for (const [code, quantity] of Object.entries(wanted)) {
    const by = code === shop.set.code ? { bundle_code: code } : { sku_code: code }
    await cl.line_items.create({ ...by, quantity, _update_quantity: true, order: cl.orders.relationship(id) })
  }
  return id
}

/** Addresses, e-mail and the way that each shipment is sent: all that an order needs but its payment. */
async function addressed(cl: Client, id: string, told: Partial<OrderUpdate> = {}, name = 'Post 2'): Promise<Order> {
  const billing = await cl.addresses.create(ADA)
  await cl.orders.update({ id, billing_address: billing, _shipping_address_same_as_billing: true, ...told })
  for (const { id: shipment, available_shipping_methods } of byNumber(await whole(cl, id))) {
    const method = available_shipping_methods?.find((one) => one.name === name)
    if (!method) throw Error(`the shipment cannot be sent by ${name}`)
    await cl.shipments.update({ id: shipment, shipping_method: cl.shipping_methods.relationship(method.id) })
  }
  return whole(cl, id)
}

async function payment(cl: Client, id: string) {
  const [method] = (await whole(cl, id)).available_payment_methods ?? []
  if (!method) throw Error('the order cannot be paid')
  await cl.orders.update({ id, payment_method: cl.payment_methods.relationship(method.id) })
  return cl.stripe_payments.create({ order: cl.orders.relationship(id) })
}

function stands(order: Order): unknown[] {
  return [order.status, order.payment_status, order.fulfillment_status]
}

function place(cl: Client, id: string): Promise<Order> {
  return cl.orders.update({ id, _place: true }, { include: WHOLE })
}

/** How many of a sku there are, and how many of them placed orders hold. */
async function stock(sku: { id: string }): Promise<unknown[]> {
  const items = await back.stock_items.list({ filters: { sku_id_eq: sku.id }, include: ['reserved_stock'] })
  const { inventory } = await back.skus.retrieve(sku.id)
  return [[...items].map(({ quantity }) => quantity), inventory?.quantity]
}

/** The whole way of a guest's order, from an empty cart to a parcel at the door. */
async function isSent(): Promise<void> {
  const cl = await guest('post')
  const id = await cart(cl, { 'POST-LAMP': 1, 'POST-VASE': 1 })
  const [line] = (await cl.orders.retrieve(id, { include: ['line_items'] })).line_items ?? []
  const sku_option = cl.sku_options.relationship(shop.engraving.id)
  const line_item = cl.line_items.relationship(String(line?.id))
  await cl.line_item_options.create({ quantity: 1, options: { text: 'For Ada' }, sku_option, line_item })
  const order = await addressed(cl, id, { customer_email: 'ada@example.com' })
  deepEqual(stands(order), ['pending', 'unpaid', 'unfulfilled'])
  deepEqual(
    order.line_items?.map((one) => [one.item_type, one.sku_code, one.unit_amount_cents, one.options_amount_cents]),
    [
      ['skus', 'POST-LAMP', 3000, 250],
      ['skus', 'POST-VASE', 5500, 0],
      ['shipments', null, 500, 0],
      ['shipments', null, 500, 0]
    ]
  )
  deepEqual(
    [order.subtotal_amount_cents, order.shipping_amount_cents, order.total_amount_with_taxes_cents, order.skus_count],
    [8750, 1000, 9750, 2]
  )
  deepEqual(
    byNumber(order).map((one) => [
      one.number,
      one.status,
      one.stock_location?.code,
      one.shipping_method?.name,
      one.available_shipping_methods?.map((each) => [each.name, each.price_amount_for_shipment_cents]).sort(),
      one.stock_line_items?.map((each) => [each.sku_code, each.quantity, each.line_item?.name]),
      one.stock_transfers
    ]),
    ['POST-LAMP', 'POST-VASE'].map((code, at) => [
      `${order.number}/S/00${at + 1}`,
      'draft',
      `post-${at + 1}`,
      'Post 2',
      [
        ['Freight', 1200],
        ['Post 1', 0],
        ['Post 2', 500]
      ],
      [[code, 1, code === 'POST-LAMP' ? 'Lamp' : 'Vase']],
      []
    ])
  )
  const times = await cl.delivery_lead_times.list({ include: ['shipping_method', 'stock_location'], sort: ['max_hours'] })
  deepEqual(
    [...times].map((one) => [one.stock_location?.code, one.shipping_method?.name, one.min_days, one.max_days]),
    [
      ['post-1', 'Post 2', 1, 2],
      ['post-2', 'Post 2', 2, 4]
    ]
  )

  const paid = await payment(cl, id)
  deepEqual((await confirm(paid, 'pm_card_chargeDeclined')).error?.message, 'Your card was declined.')
  deepEqual(await refused(place(cl, id)), [422, ['/data/attributes/payment_status', 'not_placeable']])
  deepEqual((await confirm(paid, 'pm_card_visa')).status, 'requires_capture')
  const placed = await place(cl, id)
  deepEqual([stands(placed), placed.place_total_amount_cents], [['placed', 'authorized', 'unfulfilled'], 9750])
  deepEqual([await stock(lamp), await stock(vase)], [[[5], 4], [[3], 2]])

  deepEqual(stands(await back.orders.update({ id, _approve: true })), ['approved', 'authorized', 'unfulfilled'])
  const { authorizations } = await back.orders.retrieve(id, { include: ['authorizations'] })
  await back.authorizations.update({ id: String(authorizations?.find((one) => one.succeeded)?.id), _capture: true })
  const captured = await back.orders.retrieve(id, { include: ['captures', 'shipments'] })
  deepEqual([stands(captured), captured.captures?.map((one) => one.amount_cents)], [
    ['approved', 'paid', 'in_progress'],
    [9750]
  ])
  deepEqual([await stock(lamp), await stock(vase)], [[[4], 4], [[2], 2]])

  for (const { id: shipment, number } of byNumber(captured)) {
    const update = (told: object) => back.shipments.update({ id: shipment, ...told })
    deepEqual((await update({ _picking: true })).status, 'picking')
    deepEqual((await update({ _packing: true })).status, 'packing')
    const relationship = back.shipments.relationship(shipment)
    const parcel = await back.parcels.create({
      weight: 450,
      unit_of_weight: 'gr',
      shipment: relationship,
      package: back.packages.relationship(shop.box.id)
    })
    const { stock_line_items } = await back.shipments.retrieve(shipment, { include: ['stock_line_items'] })
    await back.parcel_line_items.create({
      quantity: 1,
      parcel,
      stock_line_item: back.stock_line_items.relationship(String(stock_line_items?.[0]?.id))
    })
    deepEqual((await update({ _ready_to_ship: true })).status, 'ready_to_ship')
    deepEqual((await update({ _ship: true })).status, 'shipped')
    await back.parcels.update({
      id: parcel.id,
      tracking_number: `T-${number}`,
      tracking_status: 'delivered',
      tracking_status_updated_at: '2026-02-28T10:00:00.000Z',
      tracking_details: [{ message: 'Delivered', status: 'delivered', datetime: '2026-02-28T10:00:00Z' }]
    })
    deepEqual((await update({ _deliver: true })).status, 'delivered')
  }
  const done = await back.orders.retrieve(id, { include: ['shipments.parcels.parcel_line_items'] })
  deepEqual(stands(done), ['approved', 'paid', 'fulfilled'])
  deepEqual(
    byNumber(done).map((one) => [
      one.status,
      one.parcels?.map((each) => [each.tracking_number, each.parcel_line_items?.map(({ name }) => name)])
    ]),
    ['Lamp', 'Vase'].map((name, at) => ['delivered', [[`T-${order.number}/S/00${at + 1}`, [name]]]])
  )
}

/** The last vases are another shopper's while this one pays. */
async function isLate(): Promise<void> {
  const [quick, slow] = [await guest('post'), await guest('post')]
  const [first, second] = [await cart(quick, { 'POST-VASE': 2 }), await cart(slow, { 'POST-VASE': 1, 'POST-LAMP': 1 })]
  await addressed(slow, second, { customer_email: 'bea@example.com' })
  await confirm(await payment(slow, second), 'pm_card_visa')
  await addressed(quick, first, { customer_email: 'ada@example.com' })
  const intent = await confirm(await payment(quick, first), 'pm_card_threeDSecure2Required')
  deepEqual([intent.status, await agree(intent)], ['requires_action', 303])
  deepEqual(stands(await place(quick, first)), ['placed', 'authorized', 'unfulfilled'])
  deepEqual(await stock(vase), [[2], 0])

  deepEqual(await refused(place(slow, second)), [422, ['/data/relationships/line_items', 'out_of_stock']])
  const left = await whole(slow, second)
  deepEqual(stands(left), ['pending', 'authorized', 'unfulfilled'])
  deepEqual(
    left.line_items
      ?.filter((one) => one.item_type === 'skus')
      .map((one) => [one.sku_code, one.item?.type === 'skus' && one.item.inventory?.quantity]),
    [
      ['POST-VASE', 0],
      ['POST-LAMP', 4]
    ]
  )
  const order = slow.orders.relationship(second)
  deepEqual(await refused(slow.line_items.create({ sku_code: 'POST-VASE', quantity: 1, order })), [
    422,
    ['/data/attributes/quantity', 'out_of_stock']
  ])
  // Without it the rest is bought, and paid anew: it costs less.
  await slow.line_items.delete(String(left.line_items?.find((one) => one.sku_code === 'POST-VASE')?.id))
  const anew = await payment(slow, second)
  await confirm(anew, 'pm_card_visa')
  const bought = await place(slow, second)
  deepEqual([stands(bought), bought.total_amount_with_taxes_cents], [['placed', 'authorized', 'unfulfilled'], 3500])
  // Two payments were authorized. What was paid first is let go, and the order stays with what the rest costs.
  const held = await until(async () => {
    const order = await back.orders.retrieve(second, { include: ['authorizations', 'payment_source', 'voids'] })
    return order.voids?.length ? order : undefined
  })
  deepEqual(held.authorizations?.map((one) => one.amount_cents).sort(), [3500, 9500])
  deepEqual(
    [held.voids?.map((one) => [one.amount_cents, one.succeeded]), held.payment_source?.id],
    [[[9500, true]], anew.id]
  )
  await back.orders.update({ id: second, _approve_and_capture: true })
  const taken = await back.orders.retrieve(second, { include: ['captures', 'voids'] })
  deepEqual(
    [stands(taken), taken.captures?.map((one) => one.amount_cents), taken.voids?.length],
    [['approved', 'paid', 'in_progress'], [3500], 1]
  )

  // A cancelled order gives back what it held.
  deepEqual(stands(await back.orders.update({ id: first, _cancel: true })), ['cancelled', 'voided', 'unfulfilled'])
  deepEqual(await stock(vase), [[2], 2])
}

/** The customer keeps both addresses and the card, and buys a bundle with them. */
async function comesBack(): Promise<void> {
  const [email, password] = ['grace@example.com', 'a secret of hers']
  await (await guest('post')).customers.create({ email, password })
  const cl = await customer('post', email, password)
  const first = await cart(cl, { 'POST-LAMP': 1 })
  const order = await addressed(cl, first)
  deepEqual([order.guest, order.customer_email, byNumber(order).length], [false, email, 1])
  for (const which of ['billing', 'shipping']) {
    await cl.orders.update({ id: first, [`_save_${which}_address_to_customer_address_book`]: true })
  }
  await confirm(await payment(cl, first), 'pm_card_visa')
  await place(cl, first)
  await cl.orders.update({ id: first, _save_payment_source_to_customer_wallet: true })
  const book = await cl.customer_addresses.list({ include: ['address'] })
  deepEqual([...book].map((one) => [one.address?.city, one.address?.reference === one.id]), [['Torino', true]])

  const second = await cart(cl, { 'POST-SET-1': 1 })
  const [entry] = book
  const address = String(entry?.address?.id)
  await cl.orders.update({ id: second, _billing_address_clone_id: address, _shipping_address_clone_id: address })
  const ready = await addressed(cl, second)
  deepEqual(
    byNumber(ready).map((one) => one.stock_line_items?.map((each) => [each.sku_code, each.quantity, each.bundle_code])),
    [[['POST-LAMP', 1, 'POST-SET-1']], [['POST-VASE', 2, 'POST-SET-1']]]
  )
  deepEqual([ready.total_amount_with_taxes_cents, ready.skus_count], [10000, 3])
  await payment(cl, second)
  const [kept] = (await whole(cl, second)).available_customer_payment_sources ?? []
  await cl.orders.update({ id: second, _customer_payment_source_id: kept?.id })
  const placed = await place(cl, second)
  deepEqual([stands(placed), placed.place_total_amount_cents], [['placed', 'authorized', 'unfulfilled'], 10000])
  deepEqual([await stock(lamp), await stock(vase)], [[[3], 1], [[2], 0]])

  // What the account shows: only what is placed, the newest first.
  const orders = await cl.customers.orders(String(order.customer?.id), {
    filters: { status_not_in: 'draft,pending' },
    sort: { placed_at: 'desc' }
  })
  deepEqual(
    [...orders].map((one) => [one.id, one.status]),
    [
      [second, 'placed'],
      [first, 'placed']
    ]
  )
}

await isSent()
await isLate()
await comesBack()
console.log(shop.walked.join(' '))
