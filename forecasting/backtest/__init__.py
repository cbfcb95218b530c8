"""Rolling-origin backtest: what a forecast made on a past day would have been worth, beside what else could be done.

Nothing leaks by construction: at each origin a method gets `Candidates`, which hold the order days before it and
nothing else; what came afterwards is in `Outcome`, which only the scores see. docs/backtest.md has the definitions.
"""
