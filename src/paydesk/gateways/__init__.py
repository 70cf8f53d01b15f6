"""Payment gateways: `port` says what paydesk asks of any of them, each folder beside it answers for one."""
