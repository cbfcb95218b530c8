"""Ringahead: console."""
