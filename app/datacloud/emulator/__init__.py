"""A strict stand-in for a Salesforce org with Data Cloud: login, token exchange, ingestion, and faults on demand.

For tests and for the demo; it listens on this machine only and keeps everything in memory.
"""
