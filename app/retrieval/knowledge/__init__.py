"""Past campaigns as files, versions and approvals."""
