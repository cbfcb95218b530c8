"""The words of Ringahead: events, commands, decisions, needs, topics, errors, settings.

A leaf: it imports nothing of ours.
"""
