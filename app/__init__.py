"""Rig Gateway: F1 25 telemetry of several rigs in, a live duel and durable rows out."""

__version__ = "0.1.0"
