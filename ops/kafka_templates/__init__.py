"""Configuration of the local Kafka: server.properties is a template, see `ops.kafka_local`."""
