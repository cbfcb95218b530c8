"""Ringahead: ops."""
