"""The log of record, its fold, and the two runtimes that carry it: embedded and Kafka."""
