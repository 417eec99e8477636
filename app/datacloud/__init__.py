"""The durable copy: canonical events become flat rows, wait in an outbox on disk, and are sent to Data Cloud."""
