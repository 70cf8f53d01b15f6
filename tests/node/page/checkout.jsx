// The official components, put together as the official checkout puts them together: all of its steps on one page.
// `?orderId&accessToken&endpoint` say what is bought, by whom, and where; `elsewhere` that it is sent to another address,
// `thanks` that it is bought already, and `payment_intent_client_secret` that the shopper comes back from the bank.
import { createRoot } from 'react-dom/client'
import {
  AddressCountrySelector,
  AddressInput,
  AddressStateSelector,
  AddressesContainer,
  BillingAddressContainer,
  BillingAddressForm,
  CommerceLayer,
  CustomerContainer,
  CustomerInput,
  Errors,
  LineItem,
  LineItemAmount,
  LineItemName,
  LineItemQuantity,
  LineItemsContainer,
  OrderContainer,
  OrderNumber,
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
  TotalAmount
} from '@commercelayer/react-components'

const asked = Object.fromEntries(new URLSearchParams(location.search))
const { orderId, accessToken, endpoint, elsewhere, email, thanks } = asked
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
        <BillingAddressForm>
          <Address which="billing" />
        </BillingAddressForm>
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
      <PaymentMethodsContainer config={{ stripePayment: {} }}>
        <PlaceOrderContainer options={{ stripe: { paymentIntentClientSecret } }}>
          {!paymentIntentClientSecret && <Payment />}
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
    <PaymentMethodsContainer>
      <PaymentSource readonly>
        <Card />
      </PaymentSource>
    </PaymentMethodsContainer>
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
        <p id="total">
          <TotalAmount />
        </p>
        {thanks ? <Thanks /> : <Steps />}
      </OrderContainer>
    </CommerceLayer>
  )
}

createRoot(document.getElementById('checkout')).render(<Checkout />)
