"""The embedded runtime: one process and one SQLite file that holds the log, the state and the tasks."""
