"""The loopback GitHub: a server that answers as GitHub's own API description says."""
