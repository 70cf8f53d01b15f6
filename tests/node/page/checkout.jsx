// The official components, put together as the official checkout puts them together: all of its steps on one page.
// `?orderId&accessToken&endpoint` say what is bought, by whom, and where; `elsewhere` that it is sent to another address,
// `saved` that it is sent to an address of the shopper's address book, `thanks` that it is bought already,
// and `payment_intent_client_secret` that the shopper comes back from the bank.
import { createRoot } from 'react-dom/client'
import {
  Address as SavedAddress,
  AddressCountrySelector,
  AddressField,
  AddressInput,
  AddressStateSelector,
  AddressesContainer,
  BillingAddressContainer,
  BillingAddressForm,
  CommerceLayer,
  CustomerContainer,
  CustomerInput,
  DeliveryLeadTime,
  Errors,
  LineItem,
  LineItemAmount,
  LineItemName,
  LineItemQuantity,
  LineItemsContainer,
  OrderContainer,
  OrderNumber,
  ParcelField,
  ParcelLineItem,
  ParcelLineItemField,
  Parcels,
  PaymentMethod,
  PaymentMethodName,
  PaymentMethodRadioButton,
  PaymentMethodsContainer,
  PaymentSource,
  PaymentSourceBrandName,
  PaymentSourceDetail,
  PlaceOrderButton,
  PlaceOrderContainer,
  SaveAddressesButton,
  ShippingAddressContainer,
  ShippingAddressForm,
  Shipment,
  ShipmentField,
  ShipmentsContainer,
  ShipmentsCount,
  ShippingAmount,
  ShippingMethod,
  ShippingMethodName,
  ShippingMethodPrice,
  ShippingMethodRadioButton,
  TotalAmount
} from '@commercelayer/react-components'

const asked = Object.fromEntries(new URLSearchParams(location.search))
const { orderId, accessToken, endpoint, elsewhere, email, saved, thanks } = asked
const paymentIntentClientSecret = asked.payment_intent_client_secret
const FIELDS = ['first_name', 'last_name', 'line_1', 'city', 'zip_code', 'phone']

function Address({ which }) {
  return (
    <>
      {FIELDS.map((name) => (
        <label key={name}>
          {`${which} ${name}`}
          <AddressInput name={`${which}_address_${name}`} type="text" />
        </label>
      ))}
      <label>
        {`${which} country`}
        <AddressCountrySelector name={`${which}_address_country_code`} placeholder={{ value: '', label: 'Country' }} />
      </label>
      <label>
        {`${which} state`}
        <AddressStateSelector name={`${which}_address_state_code`} />
      </label>
      <label>
        {`save ${which}`}
        <AddressInput name={`${which}_address_save_to_customer_book`} type="checkbox" required={false} />
      </label>
    </>
  )
}

function Cards({ customerPayments }) {
  return customerPayments.map(({ id, card, handleClick }) => (
    <button key={id} onClick={handleClick}>{`pay with ${card.brand} ${card.last4}`}</button>
  ))
}

function KeepCard({ name }) {
  return (
    <label>
      save card
      <input type="checkbox" name={name} />
    </label>
  )
}

function Card() {
  return (
    <p id="card">
      <PaymentSourceBrandName /> <PaymentSourceDetail type="last4" />
    </p>
  )
}

function Addresses() {
  return (
    <AddressesContainer shipToDifferentAddress={elsewhere === 'true'}>
      <BillingAddressContainer>
        {saved ? (
          <SavedAddress className="saved">
            <AddressField name="full_address" />
          </SavedAddress>
        ) : (
          <BillingAddressForm>
            <Address which="billing" />
          </BillingAddressForm>
        )}
      </BillingAddressContainer>
      {elsewhere === 'true' && (
        <ShippingAddressContainer>
          <ShippingAddressForm>
            <Address which="shipping" />
          </ShippingAddressForm>
        </ShippingAddressContainer>
      )}
      <SaveAddressesButton label="Save addresses" />
    </AddressesContainer>
  )
}

const SHORTAGES = [
  { code: 'OUT_OF_STOCK', resource: 'line_items', message: 'Something is out of stock.' },
  { code: 'NO_SHIPPING_METHODS', resource: 'shipments', message: 'It cannot be sent there.' }
]

function Shipping() {
  return (
    <ShipmentsContainer>
      <p id="shortages">
        <Errors resource="line_items" messages={SHORTAGES} />
        <Errors resource="shipments" messages={SHORTAGES} />
      </p>
      <Shipment>
        <fieldset>
          <legend>
            <ShipmentField name="number" />
          </legend>
          <ShippingMethod>
            <p>
              <ShippingMethodRadioButton />
              <ShippingMethodName /> <ShippingMethodPrice /> <DeliveryLeadTime type="min_days" />-
              <DeliveryLeadTime type="max_days" /> days
            </p>
          </ShippingMethod>
          <LineItemsContainer>
            <LineItem type="skus">
              <p>
                <LineItemName /> <LineItemQuantity readonly />
              </p>
            </LineItem>
          </LineItemsContainer>
        </fieldset>
      </Shipment>
    </ShipmentsContainer>
  )
}

function Sent() {
  return (
    <ShipmentsContainer>
      <Shipment>
        <fieldset>
          <ShipmentField name="number" /> of <ShipmentsCount />: <ShipmentField name="status" />
          <Parcels>
            <p>
              <ParcelField attribute="number" tagElement="span" /> <ParcelField attribute="tracking_number" tagElement="span" />
              <ParcelLineItem>
                <ParcelLineItemField attribute="name" tagElement="span" />
                <ParcelLineItemField attribute="quantity" tagElement="span" />
              </ParcelLineItem>
            </p>
          </Parcels>
        </fieldset>
      </Shipment>
    </ShipmentsContainer>
  )
}

function Payment() {
  return (
    <PaymentMethod>
      <PaymentMethodRadioButton />
      <PaymentMethodName />
      <PaymentSource
        templateCustomerCards={(cards) => <Cards {...cards} />}
        templateCustomerSaveToWallet={(given) => <KeepCard {...given} />}
      >
        <Card />
      </PaymentSource>
      <p id="refused">
        <Errors resource="payment_methods" />
      </p>
    </PaymentMethod>
  )
}

function Steps() {
  const placed = (answer) => {
    document.title = answer.placed ? 'placed' : 'refused'
  }
  return (
    <CustomerContainer>
      <label>
        email
        <CustomerInput value={email} />
      </label>
      <Addresses />
      <Shipping />
      <PaymentMethodsContainer config={{ stripePayment: {} }}>
        <PlaceOrderContainer options={{ stripe: { paymentIntentClientSecret } }}>
          {!paymentIntentClientSecret && (
            <section id="payment">
              <Payment />
            </section>
          )}
          <p id="wrong">
            <Errors resource="orders" />
          </p>
          <PlaceOrderButton onClick={placed} />
        </PlaceOrderContainer>
      </PaymentMethodsContainer>
    </CustomerContainer>
  )
}

function Thanks() {
  return (
    <>
      <PaymentMethodsContainer>
        <PaymentSource readonly>
          <Card />
        </PaymentSource>
      </PaymentMethodsContainer>
      <Sent />
    </>
  )
}

function Checkout() {
  const shown = (order) => {
    window.order = order
  }
  return (
    <CommerceLayer accessToken={accessToken} endpoint={endpoint}>
      <OrderContainer orderId={orderId} fetchOrder={shown}>
        <OrderNumber />
        <LineItemsContainer>
          <LineItem>
            <LineItemName /> <LineItemQuantity readonly /> <LineItemAmount />
          </LineItem>
        </LineItemsContainer>
        <p id="shipping">
          <ShippingAmount />
        </p>
        <p id="total">
          <TotalAmount />
        </p>
        {thanks ? <Thanks /> : <Steps />}
      </OrderContainer>
    </CommerceLayer>
  )
}

createRoot(document.getElementById('checkout')).render(<Checkout />)
