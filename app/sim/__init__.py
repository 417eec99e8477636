"""A simulated rig that knows the truth: `simulate(...)` gives datagrams and the ledger that judges them."""

from app.sim.run import Run, simulate

__all__ = ["Run", "simulate"]
