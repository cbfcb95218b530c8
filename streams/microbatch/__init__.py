"""Faust in record batches: one message carries a list of records, and nothing is lost. See `ports` for the interface."""
