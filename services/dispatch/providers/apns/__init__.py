"""Apple Push Notification service: pushes, Live Activities, broadcast channels."""
