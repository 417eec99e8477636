"""What the day holds: the laps of the rigs' own cars, their traces over lap distance, maps learned from them."""
