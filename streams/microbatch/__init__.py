"""Faust in record batches: one message carries a list of records, and nothing is lost.

`ports` is what a program implements, without Faust or Kafka; `app.BatchApp` runs it, `worker.run_worker` is its
process, `delivery.Delivery` sends with certainty. `internals` lists what of Faust and aiokafka is touched.
"""
