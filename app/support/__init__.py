"""`python -m app.support`: what somebody who helps needs to see, without anybody's secret or name."""
