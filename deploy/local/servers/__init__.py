"""The servers beside our services: Kafka, MongoDB and the gateway."""
