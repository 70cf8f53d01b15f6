CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE access_tokens (
	tenant TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	grant_id TEXT NOT NULL, 
	until TEXT NOT NULL, 
	PRIMARY KEY (tenant, digest)
);
CREATE TABLE addresses (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	business BOOLEAN NOT NULL, 
	first_name TEXT, 
	last_name TEXT, 
	company TEXT, 
	line_1 TEXT, 
	line_2 TEXT, 
	city TEXT, 
	zip_code TEXT, 
	state_code TEXT, 
	country_code TEXT, 
	phone TEXT, 
	email TEXT, 
	notes TEXT, 
	lat DOUBLE, 
	lng DOUBLE, 
	billing_info TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE applications (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	name TEXT, 
	kind TEXT, 
	public_access BOOLEAN, 
	redirect_uri TEXT, 
	scopes TEXT, 
	uid TEXT, 
	secret_hash TEXT, 
	lifetime_seconds BIGINT, 
	revoked_at TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE authorization_codes (
	digest TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	application_id TEXT NOT NULL, 
	user_id TEXT NOT NULL, 
	redirect_uri TEXT, 
	scope TEXT NOT NULL, 
	challenge TEXT, 
	created_at TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	used_at TEXT, 
	grant_id TEXT, 
	PRIMARY KEY (digest)
);
CREATE TABLE customers (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	email TEXT, 
	status TEXT, 
	total_orders_count BIGINT, 
	shopper_reference TEXT, 
	profile_id TEXT, 
	tax_exemption_code TEXT, 
	email_key TEXT, 
	password_hash TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE disputes (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	payment_type TEXT, 
	payment_id TEXT, 
	dispute_id TEXT, 
	charge_id TEXT, 
	status TEXT, 
	reason TEXT, 
	amount_cents BIGINT, 
	currency_code TEXT, 
	due_by TEXT, 
	withdrawn_cents BIGINT, 
	reinstated_cents BIGINT, 
	opened_at TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE gateway_calls (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	lane TEXT NOT NULL, 
	subject_type TEXT NOT NULL, 
	subject_id TEXT NOT NULL, 
	record_id TEXT, 
	attempt INTEGER NOT NULL, 
	gateway_id TEXT NOT NULL, 
	idempotency_key TEXT NOT NULL, 
	ask TEXT NOT NULL, 
	parameters TEXT NOT NULL, 
	who TEXT NOT NULL, 
	state TEXT NOT NULL, 
	outcome TEXT, 
	tries INTEGER NOT NULL, 
	lease_holder TEXT, 
	lease_until TEXT, 
	due_at TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	settled_at TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE gateway_cursors (
	tenant TEXT NOT NULL, 
	gateway_id TEXT NOT NULL, 
	event_id TEXT, 
	asked_at TEXT NOT NULL, 
	reached_at TEXT, 
	PRIMARY KEY (tenant, gateway_id)
);
CREATE TABLE gateway_events (
	tenant TEXT NOT NULL, 
	gateway_id TEXT NOT NULL, 
	event_id TEXT NOT NULL, 
	type TEXT NOT NULL, 
	about TEXT NOT NULL, 
	payment_id TEXT, 
	object_id TEXT, 
	ours BOOLEAN NOT NULL, 
	body BLOB NOT NULL, 
	received_at TEXT NOT NULL, 
	due_at TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	worked_at TEXT, 
	outcome TEXT, 
	PRIMARY KEY (tenant, gateway_id, event_id)
);
CREATE TABLE gateway_tallies (
	tenant TEXT NOT NULL, 
	gateway_id TEXT NOT NULL, 
	verified_at TEXT, 
	foreign_events BIGINT NOT NULL, 
	forged_events BIGINT NOT NULL, 
	orphaned_events BIGINT NOT NULL, 
	forged_at TEXT, 
	forged_since BIGINT NOT NULL, 
	foreign_since BIGINT NOT NULL, 
	unheard_since TEXT, 
	tested_at TEXT, 
	PRIMARY KEY (tenant, gateway_id)
);
CREATE TABLE grants (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	application_id TEXT NOT NULL, 
	owner_id TEXT, 
	owner_type TEXT, 
	scope TEXT NOT NULL, 
	custom_claim TEXT, 
	created_at TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	revoked_at TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE holders (
	id TEXT NOT NULL, 
	seen_at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE idempotency_keys (
	tenant TEXT NOT NULL, 
	application_id TEXT NOT NULL, 
	owner_id TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	request TEXT NOT NULL, 
	call_id TEXT, 
	status INTEGER, 
	headers TEXT, 
	body BLOB, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (tenant, application_id, owner_id, "key")
);
CREATE TABLE installation (
	id TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE organizations (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	name TEXT, 
	slug TEXT, 
	domain TEXT, 
	support_phone TEXT, 
	support_email TEXT, 
	logo_url TEXT, 
	favicon_url TEXT, 
	primary_color TEXT, 
	gtm_id TEXT, 
	gtm_id_test TEXT, 
	config TEXT, 
	addresses_avs_check BOOLEAN NOT NULL, 
	addresses_phone_required BOOLEAN NOT NULL, 
	orders_min_refresh_lapse DOUBLE, 
	orders_autorefresh_cutoff_test BIGINT, 
	orders_autorefresh_cutoff_live BIGINT, 
	orders_number_editable_test BOOLEAN NOT NULL, 
	orders_number_editable_live BOOLEAN NOT NULL, 
	orders_number_as_reference BOOLEAN NOT NULL, 
	orders_invalid_coupon_errors BOOLEAN NOT NULL, 
	orders_invalid_gift_card_errors BOOLEAN NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE payment_gateways (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	type TEXT NOT NULL, 
	disabled_at TEXT, 
	name TEXT, 
	force_payments BOOLEAN, 
	sealed_former_secret TEXT, 
	former_secret_until TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	login TEXT, 
	publishable_key TEXT, 
	connected_account TEXT, 
	auto_payments BOOLEAN, 
	webhook_endpoint_id TEXT, 
	webhook_endpoint_url TEXT, 
	sealed_webhook_secret TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE price_lists (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	name TEXT, 
	code TEXT, 
	currency_code TEXT, 
	tax_included BOOLEAN NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE refresh_tokens (
	digest TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	grant_id TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	used_at TEXT, 
	salt TEXT, 
	successor TEXT, 
	PRIMARY KEY (digest)
);
CREATE TABLE resource_errors (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	resource_type TEXT, 
	resource_id TEXT, 
	name TEXT, 
	code TEXT, 
	message TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE revocations (
	tenant TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	until TEXT NOT NULL, 
	revoked_at TEXT NOT NULL, 
	PRIMARY KEY (tenant, digest)
);
CREATE TABLE sequences (
	tenant TEXT NOT NULL, 
	name TEXT NOT NULL, 
	value BIGINT NOT NULL, 
	PRIMARY KEY (tenant, name)
);
CREATE TABLE signing_keys (
	kid TEXT NOT NULL, 
	serial INTEGER NOT NULL, 
	private_key TEXT NOT NULL, 
	public_key TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	retired_at TEXT, 
	PRIMARY KEY (kid)
);
CREATE TABLE skus (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	code TEXT, 
	name TEXT, 
	description TEXT, 
	image_url TEXT, 
	pieces_per_pack BIGINT, 
	weight DOUBLE, 
	unit_of_weight TEXT, 
	hs_tariff_number TEXT, 
	do_not_ship BOOLEAN NOT NULL, 
	do_not_track BOOLEAN NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE turns (
	name TEXT NOT NULL, 
	taken_at TEXT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE users (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	email TEXT NOT NULL, 
	email_key TEXT NOT NULL, 
	password_hash TEXT, 
	role TEXT NOT NULL, 
	first_name TEXT, 
	last_name TEXT, 
	time_zone TEXT NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE versions (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	resource_type TEXT, 
	resource_id TEXT, 
	event TEXT, 
	who TEXT, 
	changes TEXT, 
	ms BIGINT, 
	sequence BIGINT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	ip_address TEXT, 
	user_agent TEXT, 
	uuid TEXT, 
	PRIMARY KEY (tenant, id)
);
CREATE TABLE merchants (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	address_id TEXT, 
	name TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_merchants_address FOREIGN KEY(tenant, address_id) REFERENCES addresses (tenant, id)
);
CREATE TABLE prices (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	price_list_id TEXT, 
	sku_id TEXT, 
	currency_code TEXT, 
	sku_code TEXT, 
	amount_cents BIGINT, 
	compare_at_amount_cents BIGINT, 
	processed_at TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_prices_price_list FOREIGN KEY(tenant, price_list_id) REFERENCES price_lists (tenant, id), 
	CONSTRAINT fk_prices_sku FOREIGN KEY(tenant, sku_id) REFERENCES skus (tenant, id)
);
CREATE TABLE markets (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	merchant_id TEXT, 
	price_list_id TEXT, 
	default_payment_method_id TEXT, 
	disabled_at TEXT, 
	number BIGINT, 
	name TEXT, 
	code TEXT, 
	facebook_pixel_id TEXT, 
	checkout_url TEXT, 
	external_prices_url TEXT, 
	external_order_validation_url TEXT, 
	private BOOLEAN NOT NULL, 
	shipping_cost_cutoff BIGINT, 
	shared_secret TEXT, 
	external_includes TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_markets_merchant FOREIGN KEY(tenant, merchant_id) REFERENCES merchants (tenant, id), 
	CONSTRAINT fk_markets_price_list FOREIGN KEY(tenant, price_list_id) REFERENCES price_lists (tenant, id)
);
CREATE TABLE payment_methods (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	market_id TEXT, 
	payment_gateway_id TEXT, 
	disabled_at TEXT, 
	name TEXT, 
	payment_source_type TEXT, 
	currency_code TEXT, 
	moto BOOLEAN NOT NULL, 
	require_capture BOOLEAN NOT NULL, 
	auto_place BOOLEAN NOT NULL, 
	auto_capture BOOLEAN NOT NULL, 
	price_amount_cents BIGINT, 
	auto_capture_max_amount_cents BIGINT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_payment_methods_market FOREIGN KEY(tenant, market_id) REFERENCES markets (tenant, id), 
	CONSTRAINT fk_payment_methods_payment_gateway FOREIGN KEY(tenant, payment_gateway_id) REFERENCES payment_gateways (tenant, id)
);
CREATE TABLE gateway_customers (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	customer_id TEXT, 
	payment_gateway_id TEXT, 
	token TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_gateway_customers_customer FOREIGN KEY(tenant, customer_id) REFERENCES customers (tenant, id), 
	CONSTRAINT fk_gateway_customers_payment_gateway FOREIGN KEY(tenant, payment_gateway_id) REFERENCES payment_gateways (tenant, id)
);
CREATE TABLE customer_payment_sources (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	customer_id TEXT, 
	payment_method_id TEXT, 
	payment_source_type TEXT, 
	payment_source_id TEXT, 
	payment_gateway_id TEXT, 
	name TEXT, 
	customer_token TEXT, 
	payment_source_token TEXT, 
	instrument TEXT, 
	method TEXT, 
	fingerprint TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_customer_payment_sources_customer FOREIGN KEY(tenant, customer_id) REFERENCES customers (tenant, id), 
	CONSTRAINT fk_customer_payment_sources_payment_gateway FOREIGN KEY(tenant, payment_gateway_id) REFERENCES payment_gateways (tenant, id), 
	CONSTRAINT fk_customer_payment_sources_payment_method FOREIGN KEY(tenant, payment_method_id) REFERENCES payment_methods (tenant, id)
);
CREATE TABLE orders (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	market_id TEXT, 
	customer_id TEXT, 
	shipping_address_id TEXT, 
	billing_address_id TEXT, 
	payment_method_id TEXT, 
	payment_source_type TEXT, 
	payment_source_id TEXT, 
	number TEXT, 
	affiliate_code TEXT, 
	autorefresh BOOLEAN NOT NULL, 
	place_async BOOLEAN NOT NULL, 
	status TEXT, 
	payment_status TEXT, 
	fulfillment_status TEXT, 
	guest BOOLEAN NOT NULL, 
	customer_email TEXT, 
	customer_type TEXT, 
	language_code TEXT, 
	currency_code TEXT, 
	tax_included BOOLEAN, 
	freight_taxable BOOLEAN NOT NULL, 
	payment_method_taxable BOOLEAN NOT NULL, 
	adjustment_taxable BOOLEAN NOT NULL, 
	gift_card_taxable BOOLEAN NOT NULL, 
	country_code TEXT, 
	shipping_country_code_lock TEXT, 
	subtotal_amount_cents BIGINT, 
	shipping_amount_cents BIGINT, 
	payment_method_amount_cents BIGINT, 
	discount_amount_cents BIGINT, 
	adjustment_amount_cents BIGINT, 
	gift_card_amount_cents BIGINT, 
	total_tax_amount_cents BIGINT, 
	subtotal_tax_amount_cents BIGINT, 
	shipping_tax_amount_cents BIGINT, 
	payment_method_tax_amount_cents BIGINT, 
	adjustment_tax_amount_cents BIGINT, 
	total_amount_cents BIGINT, 
	total_taxable_amount_cents BIGINT, 
	subtotal_taxable_amount_cents BIGINT, 
	shipping_taxable_amount_cents BIGINT, 
	payment_method_taxable_amount_cents BIGINT, 
	adjustment_taxable_amount_cents BIGINT, 
	total_amount_with_taxes_cents BIGINT, 
	fees_amount_cents BIGINT, 
	duty_amount_cents BIGINT, 
	place_total_amount_cents BIGINT, 
	skus_count BIGINT, 
	errors_count BIGINT, 
	payment_source_details TEXT, 
	token TEXT, 
	cart_url TEXT, 
	return_url TEXT, 
	terms_url TEXT, 
	privacy_url TEXT, 
	placed_at TEXT, 
	approved_at TEXT, 
	cancelled_at TEXT, 
	payment_updated_at TEXT, 
	fulfillment_updated_at TEXT, 
	refreshed_at TEXT, 
	archived_at TEXT, 
	expires_at TEXT, 
	expiration_info TEXT, 
	payable_in TEXT, 
	transactions_count BIGINT, 
	authorized_cents BIGINT, 
	captured_cents BIGINT, 
	voided_cents BIGINT, 
	refunded_cents BIGINT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_orders_billing_address FOREIGN KEY(tenant, billing_address_id) REFERENCES addresses (tenant, id), 
	CONSTRAINT fk_orders_customer FOREIGN KEY(tenant, customer_id) REFERENCES customers (tenant, id), 
	CONSTRAINT fk_orders_market FOREIGN KEY(tenant, market_id) REFERENCES markets (tenant, id), 
	CONSTRAINT fk_orders_payment_method FOREIGN KEY(tenant, payment_method_id) REFERENCES payment_methods (tenant, id), 
	CONSTRAINT fk_orders_shipping_address FOREIGN KEY(tenant, shipping_address_id) REFERENCES addresses (tenant, id)
);
CREATE TABLE line_items (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	order_id TEXT, 
	item_type TEXT, 
	item_id TEXT, 
	sku_code TEXT, 
	quantity BIGINT, 
	currency_code TEXT, 
	unit_amount_cents BIGINT, 
	compare_at_amount_cents BIGINT, 
	options_amount_cents BIGINT, 
	discount_cents BIGINT, 
	total_amount_cents BIGINT, 
	tax_amount_cents BIGINT, 
	name TEXT, 
	image_url TEXT, 
	frequency TEXT, 
	_external_price BOOLEAN NOT NULL, 
	price_fixed BOOLEAN NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_line_items_order FOREIGN KEY(tenant, order_id) REFERENCES orders (tenant, id)
);
CREATE TABLE stripe_payments (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	order_id TEXT, 
	payment_gateway_id TEXT, 
	wallet_entry_id TEXT, 
	stripe_id TEXT, 
	client_secret TEXT, 
	connected_account TEXT, 
	charge_id TEXT, 
	publishable_key TEXT, 
	on_behalf_of TEXT, 
	transfer_group TEXT, 
	options TEXT, 
	payment_method TEXT, 
	return_url TEXT, 
	receipt_email TEXT, 
	payment_instrument TEXT, 
	intended_cents BIGINT, 
	intended_currency TEXT, 
	gateway_status TEXT, 
	method_id TEXT, 
	capture_before TEXT, 
	news_at TEXT, 
	look_at TEXT, 
	overdue_since TEXT, 
	usage TEXT, 
	saving BOOLEAN NOT NULL, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_stripe_payments_order FOREIGN KEY(tenant, order_id) REFERENCES orders (tenant, id), 
	CONSTRAINT fk_stripe_payments_payment_gateway FOREIGN KEY(tenant, payment_gateway_id) REFERENCES payment_gateways (tenant, id)
);
CREATE TABLE transactions (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	type TEXT NOT NULL, 
	order_id TEXT, 
	payment_source_type TEXT, 
	payment_source_id TEXT, 
	number TEXT, 
	payment_method_type TEXT, 
	currency_code TEXT, 
	amount_cents BIGINT, 
	succeeded BOOLEAN, 
	message TEXT, 
	error_code TEXT, 
	error_detail TEXT, 
	token TEXT, 
	gateway_transaction_id TEXT, 
	object_key TEXT, 
	excluded BOOLEAN, 
	forwarded BOOLEAN, 
	cvv_code TEXT, 
	cvv_message TEXT, 
	avs_code TEXT, 
	avs_message TEXT, 
	fraud_review TEXT, 
	capture_amount_cents BIGINT, 
	capture_balance_cents BIGINT, 
	void_balance_cents BIGINT, 
	multicapture BOOLEAN, 
	expiry_noted_at TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	reference_authorization_id TEXT, 
	refund_amount_cents BIGINT, 
	refund_balance_cents BIGINT, 
	reference_capture_id TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_transactions_order FOREIGN KEY(tenant, order_id) REFERENCES orders (tenant, id), 
	CONSTRAINT fk_transactions_reference_authorization FOREIGN KEY(tenant, reference_authorization_id) REFERENCES transactions (tenant, id), 
	CONSTRAINT fk_transactions_reference_capture FOREIGN KEY(tenant, reference_capture_id) REFERENCES transactions (tenant, id)
);
CREATE TABLE wire_transfers (
	tenant TEXT NOT NULL, 
	id TEXT NOT NULL, 
	order_id TEXT, 
	payment_gateway_id TEXT, 
	intended_cents BIGINT, 
	intended_currency TEXT, 
	gateway_status TEXT, 
	method_id TEXT, 
	payment_instrument TEXT, 
	created_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	reference TEXT, 
	reference_origin TEXT, 
	metadata TEXT, 
	PRIMARY KEY (tenant, id), 
	CONSTRAINT fk_wire_transfers_order FOREIGN KEY(tenant, order_id) REFERENCES orders (tenant, id), 
	CONSTRAINT fk_wire_transfers_payment_gateway FOREIGN KEY(tenant, payment_gateway_id) REFERENCES payment_gateways (tenant, id)
);
CREATE INDEX ix_access_tokens_grant_id ON access_tokens (tenant, grant_id);
CREATE INDEX ix_access_tokens_until ON access_tokens (until);
CREATE INDEX ix_addresses_created_at_id ON addresses (tenant, created_at, id);
CREATE INDEX ix_applications_created_at_id ON applications (tenant, created_at, id);
CREATE UNIQUE INDEX uq_applications_uid ON applications (uid);
CREATE INDEX ix_authorization_codes_expires_at ON authorization_codes (expires_at);
CREATE INDEX ix_customers_created_at_id ON customers (tenant, created_at, id);
CREATE UNIQUE INDEX uq_customers_email_key ON customers (tenant, email_key);
CREATE INDEX ix_disputes_created_at_id ON disputes (tenant, created_at, id);
CREATE UNIQUE INDEX uq_disputes_payment_id_dispute_id ON disputes (tenant, payment_id, dispute_id);
CREATE INDEX ix_gateway_calls_due ON gateway_calls (due_at) WHERE state = 'open';
CREATE UNIQUE INDEX uq_gateway_calls_attempt ON gateway_calls (tenant, kind, subject_id, attempt);
CREATE UNIQUE INDEX uq_gateway_calls_open ON gateway_calls (tenant, lane, subject_id) WHERE state = 'open';
CREATE INDEX ix_gateway_events_due ON gateway_events (due_at) WHERE worked_at IS NULL;
CREATE INDEX ix_gateway_events_payment ON gateway_events (tenant, payment_id);
CREATE INDEX ix_gateway_events_worked ON gateway_events (worked_at) WHERE worked_at IS NOT NULL;
CREATE INDEX ix_grants_expires_at ON grants (expires_at);
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
CREATE INDEX ix_organizations_created_at_id ON organizations (tenant, created_at, id);
CREATE UNIQUE INDEX uq_organizations_slug ON organizations (slug);
CREATE INDEX ix_payment_gateways_created_at_id ON payment_gateways (tenant, created_at, id);
CREATE INDEX ix_price_lists_created_at_id ON price_lists (tenant, created_at, id);
CREATE UNIQUE INDEX uq_price_lists_code ON price_lists (tenant, code);
CREATE INDEX ix_refresh_tokens_expires_at ON refresh_tokens (expires_at);
CREATE INDEX ix_resource_errors_created_at_id ON resource_errors (tenant, created_at, id);
CREATE INDEX ix_resource_errors_resource_id ON resource_errors (tenant, resource_id);
CREATE INDEX ix_revocations_revoked_at ON revocations (revoked_at);
CREATE INDEX ix_revocations_until ON revocations (until);
CREATE UNIQUE INDEX uq_signing_keys_serial ON signing_keys (serial);
CREATE INDEX ix_skus_created_at_id ON skus (tenant, created_at, id);
CREATE UNIQUE INDEX uq_skus_code ON skus (tenant, code);
CREATE UNIQUE INDEX uq_users_email_key ON users (tenant, email_key);
CREATE INDEX ix_versions_created_at_id ON versions (tenant, created_at, id);
CREATE INDEX ix_versions_resource_id_resource_type ON versions (tenant, resource_id, resource_type);
CREATE UNIQUE INDEX uq_versions_ms_sequence ON versions (tenant, ms, sequence);
CREATE INDEX ix_merchants_address_id ON merchants (tenant, address_id);
CREATE INDEX ix_merchants_created_at_id ON merchants (tenant, created_at, id);
CREATE INDEX ix_prices_created_at_id ON prices (tenant, created_at, id);
CREATE INDEX ix_prices_sku_id ON prices (tenant, sku_id);
CREATE UNIQUE INDEX uq_prices_price_list_id_sku_id ON prices (tenant, price_list_id, sku_id);
CREATE INDEX ix_markets_created_at_id ON markets (tenant, created_at, id);
CREATE INDEX ix_markets_price_list_id ON markets (tenant, price_list_id);
CREATE UNIQUE INDEX uq_markets_code ON markets (tenant, code);
CREATE UNIQUE INDEX uq_markets_number ON markets (tenant, number);
CREATE INDEX ix_payment_methods_created_at_id ON payment_methods (tenant, created_at, id);
CREATE INDEX ix_payment_methods_payment_gateway_id ON payment_methods (tenant, payment_gateway_id);
CREATE INDEX ix_gateway_customers_created_at_id ON gateway_customers (tenant, created_at, id);
CREATE UNIQUE INDEX uq_gateway_customers_customer_id_payment_gateway_id ON gateway_customers (tenant, customer_id, payment_gateway_id);
CREATE UNIQUE INDEX uq_gateway_customers_payment_gateway_id_token ON gateway_customers (tenant, payment_gateway_id, token);
CREATE INDEX ix_customer_payment_sources_created_at_id ON customer_payment_sources (tenant, created_at, id);
CREATE UNIQUE INDEX uq_customer_payment_sources_customer_id_payment_gateway_id_fing ON customer_payment_sources (tenant, customer_id, payment_gateway_id, fingerprint);
CREATE UNIQUE INDEX uq_customer_payment_sources_payment_gateway_id_payment_source_t ON customer_payment_sources (tenant, payment_gateway_id, payment_source_token);
CREATE INDEX ix_orders_billing_address_id ON orders (tenant, billing_address_id);
CREATE INDEX ix_orders_created_at_id ON orders (tenant, created_at, id);
CREATE INDEX ix_orders_customer_email ON orders (tenant, customer_email);
CREATE INDEX ix_orders_customer_id ON orders (tenant, customer_id);
CREATE INDEX ix_orders_expiring ON orders (expires_at) WHERE expires_at IS NOT NULL AND placed_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX ix_orders_nobodys ON orders (created_at) WHERE status = 'draft' AND customer_id IS NULL;
CREATE INDEX ix_orders_shipping_address_id ON orders (tenant, shipping_address_id);
CREATE INDEX ix_orders_token ON orders (tenant, token);
CREATE UNIQUE INDEX uq_orders_number ON orders (tenant, number);
CREATE INDEX ix_line_items_created_at_id ON line_items (tenant, created_at, id);
CREATE INDEX ix_line_items_order_id ON line_items (tenant, order_id);
CREATE INDEX ix_stripe_payments_created_at_id ON stripe_payments (tenant, created_at, id);
CREATE INDEX ix_stripe_payments_order_id ON stripe_payments (tenant, order_id);
CREATE INDEX ix_stripe_payments_stripe_id ON stripe_payments (tenant, stripe_id);
CREATE UNIQUE INDEX uq_stripe_payments_payment_gateway_id_stripe_id ON stripe_payments (tenant, payment_gateway_id, stripe_id);
CREATE INDEX ix_stripe_payments_look_at ON stripe_payments (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX ix_stripe_payments_overdue_since ON stripe_payments (overdue_since) WHERE overdue_since IS NOT NULL;
CREATE INDEX ix_transactions_created_at_id ON transactions (tenant, created_at, id);
CREATE INDEX ix_transactions_order_id ON transactions (tenant, order_id);
CREATE INDEX ix_transactions_reference_authorization_id ON transactions (tenant, reference_authorization_id);
CREATE INDEX ix_transactions_reference_capture_id ON transactions (tenant, reference_capture_id);
CREATE UNIQUE INDEX uq_transactions_type_object_key ON transactions (tenant, type, object_key);
CREATE INDEX ix_wire_transfers_created_at_id ON wire_transfers (tenant, created_at, id);
CREATE INDEX ix_wire_transfers_order_id ON wire_transfers (tenant, order_id);
CREATE INDEX ix_wire_transfers_payment_gateway_id ON wire_transfers (tenant, payment_gateway_id);
