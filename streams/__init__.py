"""Ringahead: streams."""
