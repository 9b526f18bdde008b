"""The platform that sends SMS and messengers, by the partner protocol from its other side."""
