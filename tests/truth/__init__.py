"""The gateway judged against a simulator that knows the answer."""
