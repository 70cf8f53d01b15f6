"""What is attached to records of other types: tags, attachments, links."""
