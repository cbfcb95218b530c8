"""Ringahead: forecasting."""
