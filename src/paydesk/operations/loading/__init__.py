"""`paydesk demo load`: very many records, copied from a few that were made by the rules that clients meet."""
