"""The chart for Kubernetes, `deploy/helm/rpns`, and the tool that renders it."""
