"""The demo: a wholesaler's real year, played through the embedded runtime."""
