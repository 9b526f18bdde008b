"""What watches the platform: alert rules for Prometheus (`alerts.yaml`) and dashboards for Grafana (`grafana/`)."""
