"""What the gateway costs, beside its peers and floors: `python -m bench`.

One module per row of the table measures and gives its part of the report with the figures that `goals` and
`bounds.toml` are held against (`findings`). What they share: `timing`, the method in one process; `child`, the
processes that are measured or make load (`load`, `dashboards`, `counting`, `broadcasting`, and the peers `ticking` and
`naive`); `stamps`, by which an age is told across processes; `machine`, what Linux says of them; `traffic`, what all
are fed with. All that is measured of the gateway is the product's own code, imported or run as its own process, and
never a copy of it.

Method: figures of one machine and one hour say little, ratios say much. So whatever is compared runs in one script, in
turns, in rounds, and a ratio is the median of the rounds' ratios. In-process work is measured in thread CPU time, that
of processes by the kernel's own account, pinned to one core while load and clients have the other.
"""
