"""What reports are made of: the log of record and the task database, read by either runtime."""
