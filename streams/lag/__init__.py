"""Lag of consumer groups: one sample in figures, and what a window of samples says. Pure; time is an argument."""
