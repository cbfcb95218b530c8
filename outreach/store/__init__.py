"""The task database over SQLAlchemy: SQLite for one machine, PostgreSQL for many processes."""
