"""A local stand-in for the AWS IoT Jobs service on a real Mosquitto broker."""

__version__ = "0.1.0"
