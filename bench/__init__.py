"""What the gateway costs, beside its peers: `python -m bench`.

One module per row of the table measures and gives its part of the report; `timing` is the method they share,
`traffic` what they are fed with, `report` how it is printed. Everything measured is the product's own code, imported
or run as its own process, and never a copy of it.

Method: figures of one machine and one hour say little, ratios say much. So whatever is compared runs in one process,
in turns, in rounds, and a ratio is the median of the rounds' ratios. In-process work is measured in thread CPU time.
"""
