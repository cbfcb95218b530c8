"""Order files into events: the wholesaler's year that ships with Ringahead, and anybody's canonical files."""
