"""Prometheus and Grafana beside the gateway: rules, alerts, the board, a real server that scrapes a real gateway."""
