"""The long proofs: real processes, killed and starved, and a count of every row afterwards. `make chaos` runs them."""
