"""The pure core: state and event in, state and effects out. No clock, no network, no database."""
