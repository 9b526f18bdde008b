"""What `deploy/compose.yaml` mounts into its containers."""
