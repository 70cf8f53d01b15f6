"""The wire: requests in, answers out, the control calls and the pages of a customer."""
