"""One module a command, each with a ``command``; ops/cli.py loads the one that is called, and no other."""
