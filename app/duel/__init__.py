"""Rig against rig: who is faster where, who is ahead, and whether they are in one race."""
