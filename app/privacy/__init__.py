"""What may leave the store: redaction and consent."""
