"""The loop closes: an approved strategy becomes a campaign, what it brought is measured, and is found next time."""
