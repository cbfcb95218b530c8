"""The Kafka runtime around the pure core: what the worker folds, what the desk consumes, what leaves the outbox."""
