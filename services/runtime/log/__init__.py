"""The log boundary: the only place that imports a Kafka library, but for the statistics worker."""
